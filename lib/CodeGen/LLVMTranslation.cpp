//===- LLVMTranslation.cpp - slim's attributes in LLVM IR -----------------===//
#include "slim/CodeGen/LLVMTranslation.h"
#include "mlir/Target/LLVMIR/LLVMTranslationInterface.h"
#include "slim/IR/SlimDialect.h"

using namespace mlir;

namespace {
/// The interface's defaults accept every attribute and translate none.
struct SlimTranslationInterface : public LLVMTranslationDialectInterface {
  using LLVMTranslationDialectInterface::LLVMTranslationDialectInterface;
};
} // namespace

void slim::registerSlimLLVMTranslation(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, SlimDialect *dialect) {
    dialect->addInterfaces<SlimTranslationInterface>();
  });
}
