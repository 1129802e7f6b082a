//===- FuseIdioms.cpp - Ops that exporters write as arithmetic ------------===//

#include "FuseIdioms.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "slim/IR/SlimOps.h"
#include "slim/IR/Transforms/Passes.h"
#include <cmath>

namespace slim {
#define GEN_PASS_DEF_FUSEIDIOMSPASS
#include "slim/IR/Transforms/Passes.h.inc"
} // namespace slim

using namespace slim;

std::optional<double> slim::detail::matchScalar(Value value, int64_t rank) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() != 1 || elements.getType().getRank() > rank)
    return std::nullopt;
  Type type = elements.getElementType();
  if (isa<FloatType>(type)) {
    APFloat number = elements.getSplatValue<APFloat>();
    bool losesInfo;
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                   &losesInfo);
    return number.convertToDouble();
  }
  if (type.isSignlessInteger() && type.getIntOrFloatBitWidth() <= 64)
    return static_cast<double>(elements.getSplatValue<APInt>().getSExtValue());
  return std::nullopt;
}

bool slim::detail::isClose(double actual, double expected, Type elementType) {
  auto type = dyn_cast<FloatType>(elementType);
  if (!type)
    return actual == expected;
  // A few units in the last place of the type, at most of f32.
  int mantissa = std::min<int>(type.getFPMantissaWidth(), 24);
  double tolerance = std::ldexp(4.0, -mantissa);
  return std::abs(actual - expected) <= tolerance * std::abs(expected);
}

namespace {
struct FuseIdioms : slim::impl::FuseIdiomsPassBase<FuseIdioms> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    slim::detail::populateFuseActivationPatterns(patterns, numActivations);
    slim::detail::populateFuseNormPatterns(patterns, numNorms);
    slim::detail::populateFuseAttentionPatterns(patterns, numAttentions);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
