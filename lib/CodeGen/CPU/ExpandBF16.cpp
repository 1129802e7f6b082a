//===- ExpandBF16.cpp - Conversions of bf16 by integer arithmetic ---------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Transforms/DialectConversion.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_EXPANDBF16PASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace slim;

/// The type of integers as wide, if `type` is a vector of bf16.
static VectorType getIntegers(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  if (!vector || !vector.getElementType().isBF16())
    return {};
  return vector.clone(IntegerType::get(type.getContext(), 16));
}

/// Without instructions for bf16, LLVM takes a masked access apart into
/// elements that it converts to f32 and back by functions of no library.
static void accessAsIntegers(LLVM::MaskedStoreOp op) {
  if (VectorType type = getIntegers(op.getValue().getType())) {
    OpBuilder b(op);
    op.getValueMutable().assign(
        LLVM::BitcastOp::create(b, op.getLoc(), type, op.getValue()));
  }
}

static void accessAsIntegers(LLVM::MaskedLoadOp op) {
  Type original = op.getType();
  VectorType type = getIntegers(original);
  if (!type)
    return;
  OpBuilder b(op);
  if (op.getPassThru())
    op.getPassThruMutable().assign(
        LLVM::BitcastOp::create(b, op.getLoc(), type, op.getPassThru()));
  op.getResult().setType(type);
  b.setInsertionPointAfter(op);
  auto loaded = LLVM::BitcastOp::create(b, op.getLoc(), original, op);
  op.getResult().replaceAllUsesExcept(loaded, loaded);
}

namespace {
struct ExpandBF16Pass : slim::impl::ExpandBF16PassBase<ExpandBF16Pass> {
  using Base::Base;

  void runOnOperation() override {
    if (!keepVectors)
      getOperation()->walk([](Operation *op) {
        if (auto store = dyn_cast<LLVM::MaskedStoreOp>(op))
          accessAsIntegers(store);
        else if (auto load = dyn_cast<LLVM::MaskedLoadOp>(op))
          accessAsIntegers(load);
      });
    ConversionTarget target(getContext());
    target.addLegalDialect<arith::ArithDialect>();
    auto isLegal = [&](Type narrow, Type wide) {
      return !getElementTypeOrSelf(narrow).isBF16() ||
             !getElementTypeOrSelf(wide).isF32() ||
             (keepVectors && isa<VectorType>(narrow));
    };
    target.addDynamicallyLegalOp<arith::ExtFOp>([&](arith::ExtFOp op) {
      return isLegal(op.getIn().getType(), op.getType());
    });
    target.addDynamicallyLegalOp<arith::TruncFOp>([&](arith::TruncFOp op) {
      return isLegal(op.getType(), op.getIn().getType());
    });
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
