//===- CorrectBiasTest.cpp - Tests of CorrectBias.h -----------------------===//
#include "slim/Compress/CorrectBias.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

using namespace slim;

namespace {

/// A module in which `halve` is applied to all weights and biases are
/// corrected for it.
class CorrectBiasTest : public ::testing::Test {
protected:
  CorrectBiasTest() { context.loadDialect<SlimDialect, func::FuncDialect>(); }

  void add(StringRef name, std::vector<double> mean) {
    auto statistics = std::make_shared<ActivationStatistics>();
    statistics->channelMean = std::move(mean);
    calibration.insert(name, statistics);
  }

  /// Takes half off the weights; returns how many ops were corrected.
  int64_t run(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    int64_t corrected = 0;
    FailureOr<CompressionCounts> counts = compressWeights(
        *module, "test", {},
        [&](CompressibleWeight &weight,
            WeightRewriter &rewriter) -> FailureOr<CompressionOutcome> {
          std::string name = weight.getName().str();
          std::vector<float> half = weight.dense;
          for (float &value : half)
            value /= 2;
          WeightOp stored = weight.tree.getWeights().front();
          WeightOp changed = rewriter.addWeight(
              stored.getSymName(),
              TensorData::fromFloats(weight.getType(), half), stored);
          rewriter.replaceRoots(weight, [&](OpBuilder &builder, Value root) {
            return rewriter.readWeight(builder, root.getLoc(), changed);
          });
          corrected += correctBias(weight, name, weight.dense, half,
                                   calibration, rewriter);
          return CompressionOutcome::applied("halved");
        });
    EXPECT_TRUE(succeeded(counts));
    EXPECT_TRUE(succeeded(verify(*module)));
    return corrected;
  }

  /// The bias of the op number `index` of those that have a weight.
  std::vector<float> getBias(int64_t index) {
    std::vector<float> values;
    module->walk([&](CompressibleOpInterface op) {
      if (index-- != 0)
        return;
      if (op->getNumOperands() < 3)
        return;
      FailureOr<std::vector<float>> found = decodeToDense(op->getOperand(2));
      EXPECT_TRUE(succeeded(found));
      values = std::move(*found);
    });
    return values;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  CalibrationStatistics calibration;
};

TEST_F(CorrectBiasTest, OfLinearOps) {
  add("w", {2, 4});
  add("t", {1, 10, 100});
  EXPECT_EQ(2, run(R"(
    slim.weight @w : tensor<3x2xf32> = dense<[[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]]> : tensor<3x2xf32>
    slim.weight @b : tensor<3xf32> = dense<[5.0, 6.0, 7.0]> : tensor<3xf32>
    slim.weight @t : tensor<3x1xf32> = dense<[[2.0], [4.0], [6.0]]> : tensor<3x1xf32>
    func.func @f(%x: tensor<?x2xf32>) -> tensor<?x1xf32> {
      %w = slim.get_weight @w : tensor<3x2xf32>
      %b = slim.get_weight @b : tensor<3xf32>
      %t = slim.get_weight @t : tensor<3x1xf32>
      %y = slim.linear %x, %w, %b : (tensor<?x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<?x3xf32>
      %z = slim.linear %y, %t {transposed = true} : (tensor<?x3xf32>, tensor<3x1xf32>) -> tensor<?x1xf32>
      return %z : tensor<?x1xf32>
    })"));
  EXPECT_EQ((std::vector<float>{6, 8, 6}), getBias(0));
  EXPECT_EQ((std::vector<float>{321}), getBias(1));
  // The bias kept its name; a new one is called like the weight.
  EXPECT_TRUE(module->lookupSymbol<WeightOp>("b"));
  EXPECT_TRUE(module->lookupSymbol<WeightOp>("t.bias"));
}

TEST_F(CorrectBiasTest, OfGroupedConvolutions) {
  // Columns of X: group, input channel, kernel position.
  add("k", {1, 2, 3, 4, 10, 20, 30, 40});
  EXPECT_EQ(1, run(R"(
    slim.weight @k : tensor<2x2x1x2xf32> = dense<[[[[2.0, 0.0]], [[0.0, 4.0]]], [[[2.0, 2.0]], [[2.0, 2.0]]]]> : tensor<2x2x1x2xf32>
    func.func @f(%x: tensor<1x4x3x3xf32>) -> tensor<1x2x3x2xf32> {
      %k = slim.get_weight @k : tensor<2x2x1x2xf32>
      %c = slim.constant dense<[1.0, 2.0]> : tensor<2xf32>
      %y = slim.conv %x, %k, %c {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2}
        : (tensor<1x4x3x3xf32>, tensor<2x2x1x2xf32>, tensor<2xf32>) -> tensor<1x2x3x2xf32>
      return %y : tensor<1x2x3x2xf32>
    })"));
  EXPECT_EQ((std::vector<float>{1 + 1 + 8, 2 + 100}), getBias(0));
}

TEST_F(CorrectBiasTest, OfEachInputOfAWeight) {
  add("w", {2});
  add("w#1", {6});
  EXPECT_EQ(3, run(R"(
    slim.weight @w : tensor<1x1xf32> = dense<2.0> : tensor<1x1xf32>
    func.func @f(%x: tensor<?x1xf32>, %y: tensor<?x1xf32>) -> (tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>) {
      %w = slim.get_weight @w : tensor<1x1xf32>
      %0 = slim.linear %x, %w : (tensor<?x1xf32>, tensor<1x1xf32>) -> tensor<?x1xf32>
      %1 = slim.linear %y, %w : (tensor<?x1xf32>, tensor<1x1xf32>) -> tensor<?x1xf32>
      %2 = slim.linear %x, %w : (tensor<?x1xf32>, tensor<1x1xf32>) -> tensor<?x1xf32>
      return %0, %1, %2 : tensor<?x1xf32>, tensor<?x1xf32>, tensor<?x1xf32>
    })"));
  EXPECT_EQ((std::vector<float>{2}), getBias(0));
  EXPECT_EQ((std::vector<float>{6}), getBias(1));
  EXPECT_EQ((std::vector<float>{2}), getBias(2));
}

TEST_F(CorrectBiasTest, OnlyOfWhatIsKnown) {
  add("w", {2});
  add("v", {2, 3});
  EXPECT_EQ(0, run(R"(
    slim.weight @w : tensor<1x1xf32> = dense<2.0> : tensor<1x1xf32>
    slim.weight @v : tensor<1x1xf32> = dense<2.0> : tensor<1x1xf32>
    slim.weight @u : tensor<1x1xf32> = dense<2.0> : tensor<1x1xf32>
    func.func @f(%x: tensor<?x1xf32>, %b: tensor<1xf32>) -> tensor<?x1xf32> {
      %w = slim.get_weight @w : tensor<1x1xf32>
      %v = slim.get_weight @v : tensor<1x1xf32>
      %u = slim.get_weight @u : tensor<1x1xf32>
      %0 = slim.linear %x, %w, %b : (tensor<?x1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
      %1 = slim.linear %0, %v : (tensor<?x1xf32>, tensor<1x1xf32>) -> tensor<?x1xf32>
      %2 = slim.linear %1, %u : (tensor<?x1xf32>, tensor<1x1xf32>) -> tensor<?x1xf32>
      return %2 : tensor<?x1xf32>
    })"));
}

} // namespace
