//===- ChannelTiesTest.cpp - Ties and weights' dimensions of layers -------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "slim/IR/SlimOps.h"
#include "gtest/gtest.h"
#include <set>

using namespace slim;

using Ties = std::set<std::string>;

namespace {

class ChannelTiesTest : public testing::Test {
protected:
  ChannelTiesTest() { context.loadDialect<SlimDialect, func::FuncDialect>(); }

  /// The op `text` on arguments declared in `arguments`.
  Operation *parse(const std::string &arguments, const std::string &text,
                   const std::string &results = "%y") {
    module = parseSourceString<ModuleOp>("func.func @f(" + arguments +
                                             ") {\n  " + results + " = " +
                                             text + "\n  return\n}",
                                         ParserConfig(&context));
    if (!module)
      return nullptr;
    auto function = *module->getOps<func::FuncOp>().begin();
    return &function.getBody().front().front();
  }

  /// Ties as text: "o1:0 - r0:1" for dimension 0 of operand 1 and dimension 1
  /// of result 0, with " +offset" and " *repeat" where they are not trivial.
  Ties getTies(Operation *op) {
    SmallVector<ChannelTie> ties;
    cast<ChannelOpInterface>(op).getChannelTies(ties);
    Ties texts;
    for (const ChannelTie &tie : ties) {
      auto print = [](const ChannelEnd &end) {
        return (end.isResult ? "r" : "o") + std::to_string(end.index) + ":" +
               std::to_string(end.dim);
      };
      std::string text = print(tie.from) + " - " + print(tie.to);
      if (tie.offset != 0)
        text += " +" + std::to_string(tie.offset);
      if (tie.repeat != 1)
        text += " *" + std::to_string(tie.repeat);
      EXPECT_TRUE(texts.insert(text).second) << text;
      // The ends exist.
      for (const ChannelEnd &end : {tie.from, tie.to}) {
        auto type = cast<RankedTensorType>(end.getValue(op).getType());
        EXPECT_LT(end.dim, type.getRank());
      }
    }
    return texts;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

const char *const kConvAttributes =
    "strides = array<i64: 1>, pads = array<i64: 0, 0>, "
    "dilations = array<i64: 1>";

} // namespace

TEST_F(ChannelTiesTest, Linear) {
  Operation *op =
      parse("%x: tensor<?x8xf32>, %w: tensor<4x8xf32>, %b: tensor<4xf32>",
            "slim.linear %x, %w, %b : (tensor<?x8xf32>, tensor<4x8xf32>, "
            "tensor<4xf32>) -> tensor<?x4xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op),
            (Ties{"o0:0 - r0:0", "o0:1 - o1:1", "o1:0 - r0:1", "o2:0 - r0:1"}));
  auto compressible = cast<CompressibleOpInterface>(op);
  EXPECT_EQ(compressible.getWeightOperand().getOperandNumber(), 1u);
  EXPECT_EQ(compressible.getOutputChannelDim(), 0);
  EXPECT_EQ(compressible.getReductionDims(), (SmallVector<int64_t>{1}));
}

TEST_F(ChannelTiesTest, LinearTransposed) {
  Operation *op = parse("%x: tensor<8xf32>, %w: tensor<8x4xf32>",
                        "slim.linear %x, %w {transposed = true} : "
                        "(tensor<8xf32>, tensor<8x4xf32>) -> tensor<4xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - o1:0", "o1:1 - r0:0"}));
  auto compressible = cast<CompressibleOpInterface>(op);
  EXPECT_EQ(compressible.getOutputChannelDim(), 1);
  EXPECT_EQ(compressible.getReductionDims(), (SmallVector<int64_t>{0}));
}

TEST_F(ChannelTiesTest, Embedding) {
  Operation *op = parse("%i: tensor<?x?xi64>, %w: tensor<30x8xf32>",
                        "slim.embedding %i, %w : (tensor<?x?xi64>, "
                        "tensor<30x8xf32>) -> tensor<?x?x8xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o0:1 - r0:1", "o1:1 - r0:2"}));
  auto compressible = cast<CompressibleOpInterface>(op);
  EXPECT_EQ(compressible.getOutputChannelDim(), 0);
  EXPECT_TRUE(compressible.getReductionDims().empty());
}

TEST_F(ChannelTiesTest, Conv) {
  Operation *op =
      parse("%x: tensor<?x6x9xf32>, %w: tensor<4x6x3xf32>, %b: tensor<4xf32>",
            std::string("slim.conv %x, %w, %b {") + kConvAttributes +
                "} : (tensor<?x6x9xf32>, tensor<4x6x3xf32>, tensor<4xf32>) -> "
                "tensor<?x4x7xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op),
            (Ties{"o0:0 - r0:0", "o1:0 - r0:1", "o2:0 - r0:1", "o0:1 - o1:1"}));
  auto compressible = cast<CompressibleOpInterface>(op);
  EXPECT_EQ(compressible.getGroupCount(), 1);
  EXPECT_EQ(compressible.getReductionDims(), (SmallVector<int64_t>{1, 2}));
  OpBuilder builder(op);
  FailureOr<Value> rows = compressible.buildActivationRows(builder);
  ASSERT_TRUE(succeeded(rows));
  EXPECT_EQ(cast<RankedTensorType>(rows->getType()).getShape().back(), 18);
}

TEST_F(ChannelTiesTest, ConvDepthwise) {
  Operation *op = parse(
      "%x: tensor<?x4x9xf32>, %w: tensor<8x1x3xf32>",
      std::string("slim.conv %x, %w {groups = 4, ") + kConvAttributes +
          "} : (tensor<?x4x9xf32>, tensor<8x1x3xf32>) -> tensor<?x8x7xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op),
            (Ties{"o0:0 - r0:0", "o1:0 - r0:1", "o0:1 - o1:0 *2"}));
}

TEST_F(ChannelTiesTest, ConvGrouped) {
  Operation *op = parse(
      "%x: tensor<?x6x9xf32>, %w: tensor<4x3x3xf32>",
      std::string("slim.conv %x, %w {groups = 2, ") + kConvAttributes +
          "} : (tensor<?x6x9xf32>, tensor<4x3x3xf32>) -> tensor<?x4x7xf32>");
  ASSERT_TRUE(op);
  // Channel j of the weight stands for channels j and 3 + j of the input;
  // filters j and 2 + j go together.
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o1:0 - r0:1", "o1:1 - o0:1",
                               "o0:1 - o0:1 +3", "o1:0 - o1:0 +2"}));
  EXPECT_EQ(cast<CompressibleOpInterface>(op).getGroupCount(), 2);
}

TEST_F(ChannelTiesTest, ConvTransposeGrouped) {
  Operation *op = parse(
      "%x: tensor<?x4x9xf32>, %w: tensor<4x3x1xf32>",
      std::string("slim.conv_transpose %x, %w {groups = 2, "
                  "output_padding = array<i64: 0>, ") +
          kConvAttributes +
          "} : (tensor<?x4x9xf32>, tensor<4x3x1xf32>) -> tensor<?x6x9xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o0:1 - o1:0", "o1:1 - r0:1",
                               "r0:1 - r0:1 +3", "o0:1 - o0:1 +2"}));
  auto compressible = cast<CompressibleOpInterface>(op);
  EXPECT_EQ(compressible.getOutputChannelDim(), 1);
  EXPECT_EQ(compressible.getReductionDims(), (SmallVector<int64_t>{0, 2}));
}

TEST_F(ChannelTiesTest, LayerNorm) {
  Operation *op =
      parse("%x: tensor<?x8xf32>, %b: tensor<8xf32>",
            "slim.layer_norm %x bias %b {axis = 1, epsilon = 1.0e-5 : f32} : "
            "(tensor<?x8xf32>, tensor<8xf32>) -> (tensor<?x8xf32>, "
            "tensor<?x1xf32>, tensor<?x1xf32>)",
            "%y:3");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o0:1 - r0:1", "o0:0 - r1:0",
                               "o0:0 - r2:0", "o0:1 - o1:0"}));
}

TEST_F(ChannelTiesTest, BatchNorm) {
  Operation *op =
      parse("%x: tensor<?x8x4xf32>, %s: tensor<8xf32>",
            "slim.batch_norm %x, %s, %s, %s, %s {epsilon = 1.0e-5 : f32} : "
            "(tensor<?x8x4xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, "
            "tensor<8xf32>) -> tensor<?x8x4xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op),
            (Ties{"o0:0 - r0:0", "o0:1 - r0:1", "o0:2 - r0:2", "o0:1 - o1:0",
                  "o0:1 - o2:0", "o0:1 - o3:0", "o0:1 - o4:0"}));
}

TEST_F(ChannelTiesTest, GroupNorm) {
  Operation *op = parse(
      "%x: tensor<?x8xf32>, %s: tensor<8xf32>",
      "slim.group_norm %x, %s, %s {groups = 2, epsilon = 1.0e-5 : f32} : "
      "(tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o0:1 - r0:1", "o0:1 - o1:0",
                               "o0:1 - o2:0", "o0:1 - o0:1 +4"}));
}

TEST_F(ChannelTiesTest, Pool) {
  Operation *op = parse(
      "%x: tensor<?x8x4xf32>",
      std::string("slim.max_pool %x {kernel = array<i64: 2>, ") +
          kConvAttributes + "} : (tensor<?x8x4xf32>) -> tensor<?x8x3xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o0:1 - r0:1"}));
}

TEST_F(ChannelTiesTest, Statistics) {
  Operation *op =
      parse("%x: tensor<?x8x4xf32>, %s: tensor<4xf32>",
            "slim.rms_norm %x, %s {axis = 2, epsilon = 1.0e-5 : f32} : "
            "(tensor<?x8x4xf32>, tensor<4xf32>) -> tensor<?x8x4xf32>");
  ASSERT_TRUE(op);
  SmallVector<ChannelEnd> ends;
  cast<ChannelOpInterface>(op).getStatisticDims(ends);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0], ChannelEnd::operand(0, 2));
}

TEST_F(ChannelTiesTest, Matmul) {
  Operation *op =
      parse("%x: tensor<?x8x5x4xf32>, %z: tensor<8x4x7xf32>",
            "slim.matmul %x, %z : (tensor<?x8x5x4xf32>, tensor<8x4x7xf32>) -> "
            "tensor<?x8x5x7xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:3 - o1:1", "o0:2 - r0:2", "o1:2 - r0:3",
                               "o0:1 - r0:1", "o1:0 - r0:1"}));
}

TEST_F(ChannelTiesTest, MatmulOfVectors) {
  Operation *op =
      parse("%x: tensor<4xf32>, %z: tensor<3x4x7xf32>",
            "slim.matmul %x, %z : (tensor<4xf32>, tensor<3x4x7xf32>) -> "
            "tensor<3x7xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - o1:1", "o1:0 - r0:0", "o1:2 - r0:1"}));
}

TEST_F(ChannelTiesTest, Attention) {
  // Two queries' heads a head of keys; the default scale keeps the heads' size.
  Operation *op =
      parse("%q: tensor<?x4x?x8xf32>, %k: tensor<?x2x?x8xf32>, "
            "%v: tensor<?x2x?x6xf32>, %m: tensor<?x4x1x?xf32>",
            "slim.attention %q, %k, %v mask %m : (tensor<?x4x?x8xf32>, "
            "tensor<?x2x?x8xf32>, tensor<?x2x?x6xf32>, tensor<?x4x1x?xf32>) -> "
            "tensor<?x4x?x6xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o2:3 - r0:3", "o0:1 - o3:1", "o0:1 - r0:1",
                               "o1:1 - o2:1", "o1:1 - o0:1 *2"}));
}

TEST_F(ChannelTiesTest, Reduction) {
  Operation *op = parse("%x: tensor<?x8x5x4xf32>",
                        "slim.reduce_mean %x {axes = array<i64: 2>} : "
                        "(tensor<?x8x5x4xf32>) -> tensor<?x8x4xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o0:1 - r0:1", "o0:3 - r0:2"}));
  op = parse("%x: tensor<?x8x5xf32>",
             "slim.reduce_max %x {axes = array<i64: 1>, keep_dims = true} : "
             "(tensor<?x8x5xf32>) -> tensor<?x1x5xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o0:2 - r0:2"}));
}

TEST_F(ChannelTiesTest, Softmax) {
  Operation *op = parse("%x: tensor<?x8x5xf32>",
                        "slim.softmax %x {axis = 1} : (tensor<?x8x5xf32>) -> "
                        "tensor<?x8x5xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - r0:0", "o0:2 - r0:2"}));
}

TEST_F(ChannelTiesTest, Gather) {
  Operation *op = parse("%x: tensor<6x8x5xf32>, %i: tensor<2x3xi64>",
                        "slim.gather %x, %i {axis = 1} : (tensor<6x8x5xf32>, "
                        "tensor<2x3xi64>) -> tensor<6x2x3x5xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op),
            (Ties{"o0:0 - r0:0", "o0:2 - r0:3", "o1:0 - r0:1", "o1:1 - r0:2"}));
}

TEST_F(ChannelTiesTest, Shape) {
  Operation *op = parse("%x: tensor<6x?x5xf32>",
                        "slim.shape %x {start = 1 : i64, end = 2 : i64} : "
                        "(tensor<6x?x5xf32>) -> tensor<1xi64>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), (Ties{"o0:0 - o0:0", "o0:2 - o0:2"}));
}

TEST_F(ChannelTiesTest, OpenExtents) {
  // What the open extent holds is not known to be eight channels or one.
  Operation *op =
      parse("%x: tensor<?x8xf32>, %z: tensor<?x?xf32>",
            "slim.add %x, %z : (tensor<?x8xf32>, tensor<?x?xf32>) -> "
            "tensor<?x8xf32>");
  ASSERT_TRUE(op);
  EXPECT_EQ(getTies(op), Ties{});
}
