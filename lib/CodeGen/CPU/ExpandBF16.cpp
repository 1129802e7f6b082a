//===- ExpandBF16.cpp - Conversions of bf16 by integer arithmetic ---------===//
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Transforms/DialectConversion.h"
#include "slim/CodeGen/CPU/Passes.h"

namespace slim {
#define GEN_PASS_DEF_EXPANDBF16PASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace slim;

namespace {
struct ExpandBF16Pass : slim::impl::ExpandBF16PassBase<ExpandBF16Pass> {
  using Base::Base;

  void runOnOperation() override {
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
