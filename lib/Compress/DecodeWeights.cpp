//===- DecodeWeights.cpp - Compressed weights as floats again -------------===//
#include "slim/Compress/CompressionDriver.h"
#include "slim/Compress/Passes.h"
#include "slim/IR/WeightData.h"

namespace slim {
#define GEN_PASS_DEF_DECODEWEIGHTSPASS
#include "slim/Compress/Passes.h.inc"
} // namespace slim

using namespace slim;

static CompressionOutcome decodeWeight(CompressibleWeight &weight,
                                       WeightRewriter &rewriter) {
  if (weight.tree.getRoot().getDefiningOp<GetWeightOp>())
    return CompressionOutcome::skipped("it is stored as floats");
  WeightOp stored = weight.tree.getWeights().front();
  WeightOp dense = rewriter.addWeight(
      stored.getSymName(),
      TensorData::fromFloats(weight.getType(), weight.dense), stored);
  rewriter.replaceRoots(weight, [&](OpBuilder &builder, Value root) {
    return rewriter.readWeight(builder, root.getLoc(), dense);
  });
  return CompressionOutcome::applied("decoded");
}

namespace {
struct DecodeWeightsPass
    : slim::impl::DecodeWeightsPassBase<DecodeWeightsPass> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<CompressionCounts> counts = compressWeights(
        getOperation(), getArgument(), {include, exclude, minElements},
        [&](CompressibleWeight &weight, WeightRewriter &rewriter) {
          return FailureOr<CompressionOutcome>(decodeWeight(weight, rewriter));
        });
    if (failed(counts))
      return signalPassFailure();
    numCompressed += counts->applied;
    numSkipped += counts->skipped;
    bytesBefore += counts->bytesBefore;
    bytesAfter += counts->bytesAfter;
  }
};
} // namespace
