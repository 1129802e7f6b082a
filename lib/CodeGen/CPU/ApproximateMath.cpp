//===- ApproximateMath.cpp - Vectorizable transcendental functions --------===//
#include "FastMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "slim/CodeGen/CPU/IR/SlimCPU.h"
#include "slim/CodeGen/CPU/Passes.h"
#include "llvm/ADT/StringSet.h"

namespace slim {
#define GEN_PASS_DEF_APPROXIMATEMATHPASS
#include "slim/CodeGen/CPU/Passes.h.inc"
} // namespace slim

using namespace mlir;
using namespace slim;

/// Those of upstream's approximations that are accurate to a few units in the
/// last place over the whole range.
static bool hasApproximation(StringRef name) {
  return name == math::TanhOp::getOperationName();
}

/// Whatever is not approximated is a libm call in f32 for 16-bit floats, too.
static bool needsF32(StringRef name) {
  static const llvm::StringSet<> native = {
      math::AbsFOp::getOperationName(),
      math::AbsIOp::getOperationName(),
      math::CeilOp::getOperationName(),
      math::CopySignOp::getOperationName(),
      math::FloorOp::getOperationName(),
      math::FmaOp::getOperationName(),
      math::RoundEvenOp::getOperationName()};
  return !native.contains(name);
}

namespace {
struct ApproximateMathPass
    : public slim::impl::ApproximateMathPassBase<ApproximateMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathF32ExpansionPatterns(patterns, needsF32);
    cpu::populateFastMathPatterns(patterns);
    cpu::populateFastExtremePatterns(patterns);
    cpu::populateFastRoundingPatterns(patterns);
    populateMathPolynomialApproximationPatterns(patterns, hasApproximation);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
