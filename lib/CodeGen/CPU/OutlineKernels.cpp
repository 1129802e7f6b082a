//===- OutlineKernels.cpp - One function for equal kernels ----------------===//
//
// A model repeats its layers, and the code of a layer is long: register blocks
// of several sizes, vectorized loops and their remainders. Compile time and
// code size are those of the different kernels only, if equal ones share a
// function. Two linalg ops are equal if they print alike with their operands
// numbered, types and layouts included.
//
//===----------------------------------------------------------------------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "llvm/ADT/StringMap.h"

namespace slim {
#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// Ops of fewer iterations than this are cheaper in place than called.
static constexpr int64_t kMinIterations = 64;

static bool isWorthACall(linalg::LinalgOp op) {
  int64_t iterations = 1;
  for (int64_t extent : op.getStaticLoopRanges()) {
    if (ShapedType::isDynamic(extent))
      return true;
    if (llvm::MulOverflow(iterations, extent, iterations))
      return true;
  }
  return iterations >= kMinIterations;
}

namespace {
struct OutlineKernelsPass
    : public slim::impl::OutlineKernelsPassBase<OutlineKernelsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
        if (linalgOp.hasPureBufferSemantics() && isWorthACall(linalgOp))
          ops.push_back(op);
      } else if (auto kernel = dyn_cast<cpu::KernelOp>(op)) {
        if (kernel.hasBufferSemantics())
          ops.push_back(op);
      } else if (auto rows = dyn_cast<cpu::RowsOp>(op)) {
        if (rows.hasBufferSemantics())
          ops.push_back(op);
      } else if (auto attention = dyn_cast<cpu::AttentionOp>(op)) {
        if (attention.hasBufferSemantics())
          ops.push_back(op);
      }
    });
    for (Operation *op : ops)
      outline(op, symbols);
  }

private:
  void outline(Operation *op, SymbolTable &symbols) {
    // What the kernel takes: its operands, and what its body uses from outside
    // unless that is a constant, which moves inside.
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    llvm::SetVector<Value> arguments(op->operand_begin(), op->operand_end());
    SmallVector<Operation *> constants;
    for (Value value : captured) {
      Operation *constant = value.getDefiningOp();
      if (constant && constant->hasTrait<OpTrait::ConstantLike>() &&
          !arguments.contains(value))
        constants.push_back(constant);
      else
        arguments.insert(value);
    }

    OpBuilder builder(&getContext());
    builder.setInsertionPointToStart(getOperation().getBody());
    auto type = builder.getFunctionType(
        llvm::to_vector(ValueRange(arguments.getArrayRef()).getTypes()), {});
    auto kernel = func::FuncOp::create(builder, op->getLoc(), "kernel", type);
    kernel.setPrivate();
    kernel->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
    Block *body = kernel.addEntryBlock();
    builder.setInsertionPointToStart(body);
    IRMapping mapping;
    for (auto [value, argument] :
         llvm::zip_equal(arguments, body->getArguments()))
      mapping.map(value, argument);
    for (Operation *constant : constants)
      builder.clone(*constant, mapping);
    builder.clone(*op, mapping);
    func::ReturnOp::create(builder, op->getLoc());

    std::string text;
    llvm::raw_string_ostream os(text);
    kernel->print(os, OpPrintingFlags().useLocalScope());
    func::FuncOp &shared = kernels[text];
    if (shared) {
      kernel.erase();
      ++numShared;
    } else {
      shared = kernel;
      kernel.setSymName(("slim_kernel_" + op->getName().stripDialect()).str());
      kernel->remove();
      symbols.insert(kernel, getOperation().getBody()->begin());
      ++numKernels;
    }
    builder.setInsertionPoint(op);
    func::CallOp::create(builder, op->getLoc(), shared,
                         arguments.getArrayRef());
    op->erase();
  }

  llvm::StringMap<func::FuncOp> kernels;
};
} // namespace
