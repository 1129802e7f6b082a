//===- DecodeTest.cpp - Tests of decoding constants -----------------------===//
#include "slim/IR/SlimOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace slim;

namespace {

class DecodeTest : public ::testing::Test {
protected:
  DecodeTest() { context.loadDialect<SlimDialect, func::FuncDialect>(); }

  /// Decodes the constants that the only decode op of `body` reads.
  FailureOr<TensorData> decode(const std::string &body) {
    module = parseSourceString<ModuleOp>(
        "func.func @f() {\n" + body + "\n return }", &context);
    EXPECT_TRUE(module);
    DecodeOpInterface decode;
    module->walk([&](DecodeOpInterface op) { decode = op; });
    SmallVector<TensorData> operands;
    for (Value operand : decode->getOperands()) {
      auto constant = operand.getDefiningOp<ConstantOp>();
      operands.push_back(*TensorData::fromAttr(constant.getValue()));
    }
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message = diagnostic.str();
      return success();
    });
    return decode.decodeConstants(operands);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string message;
};

TEST_F(DecodeTest, DequantizesBlocksThatDoNotDivide) {
  auto data = decode(R"(
    %q = slim.constant dense<[[1, 2, 3], [4, -5, 6]]> : tensor<2x3xi8>
    %s = slim.constant dense<[[1.0, 10.0], [100.0, 0.5]]> : tensor<2x2xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 1, 2>}
      : (tensor<2x3xi8>, tensor<2x2xf32>) -> tensor<2x3xf32>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{1, 2, 30, 400, -500, 3}));
}

TEST_F(DecodeTest, SubtractsZeroPoints) {
  auto data = decode(R"(
    %q = slim.constant dense<[[0, 128], [255, 1]]> : tensor<2x2xui8>
    %s = slim.constant dense<[[0.5], [2.0]]> : tensor<2x1xf32>
    %z = slim.constant dense<[[128], [1]]> : tensor<2x1xui8>
    %w = slim.dequantize %q, %s, %z {block = array<i64: 1, 0>}
      : (tensor<2x2xui8>, tensor<2x1xf32>, tensor<2x1xui8>) -> tensor<2x2xf32>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{-64, 0, 508, 0}));
}

TEST_F(DecodeTest, ComputesInTheTypeOfTheScale) {
  // 255 + 128 = 383 has nine bits: bf16 rounds it to 384.
  auto data = decode(R"(
    %q = slim.constant dense<[255]> : tensor<1xi16>
    %s = slim.constant dense<[3.0]> : tensor<1xbf16>
    %z = slim.constant dense<[-128]> : tensor<1xi16>
    %w = slim.dequantize %q, %s, %z {block = array<i64: 0>}
      : (tensor<1xi16>, tensor<1xbf16>, tensor<1xi16>) -> tensor<1xbf16>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->getDouble(0), 1152);
}

TEST_F(DecodeTest, DequantizesScalarsAndSmallFloats) {
  auto data = decode(R"(
    %q = slim.constant dense<1.5> : tensor<f8E4M3FN>
    %s = slim.constant dense<2.0> : tensor<f32>
    %w = slim.dequantize %q, %s {block = array<i64>}
      : (tensor<f8E4M3FN>, tensor<f32>) -> tensor<f32>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{3}));
}

TEST_F(DecodeTest, LooksCodesUp) {
  auto data = decode(R"(
    %q = slim.constant dense<[[0, 3], [2, 1]]> : tensor<2x2xui2>
    %t = slim.constant dense<[-1.0, 0.25, 0.5, 2.0]> : tensor<4xf32>
    %w = slim.codebook_decode %q, %t
      : (tensor<2x2xui2>, tensor<4xf32>) -> tensor<2x2xf32>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{-1, 2, 0.5, 0.25}));

  data = decode(R"(
    %q = slim.constant dense<[true, false, true]> : tensor<3xui1>
    %t = slim.constant dense<[-1.0, 1.0]> : tensor<2xf16>
    %w = slim.codebook_decode %q, %t
      : (tensor<3xui1>, tensor<2xf16>) -> tensor<3xf16>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{1, -1, 1}));
}

TEST_F(DecodeTest, DequantizesEveryNarrowType) {
  auto data = decode(R"(
    %q = slim.constant dense<[-8, 7, -1]> : tensor<3xi4>
    %s = slim.constant dense<[0.5]> : tensor<1xf32>
    %z = slim.constant dense<[-2]> : tensor<1xi4>
    %w = slim.dequantize %q, %s, %z {block = array<i64: 0>}
      : (tensor<3xi4>, tensor<1xf32>, tensor<1xi4>) -> tensor<3xf32>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{-3, 4.5, 0.5}));
  data = decode(R"(
    %q = slim.constant dense<[-2, 1, -1]> : tensor<3xi2>
    %s = slim.constant dense<[2.0]> : tensor<1xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 0>}
      : (tensor<3xi2>, tensor<1xf32>) -> tensor<3xf32>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{-4, 2, -2}));
  data = decode(R"(
    %q = slim.constant dense<[6.0, -0.5, 1.5]> : tensor<3xf4E2M1FN>
    %s = slim.constant dense<[0.25]> : tensor<1xf32>
    %w = slim.dequantize %q, %s {block = array<i64: 0>}
      : (tensor<3xf4E2M1FN>, tensor<1xf32>) -> tensor<3xf32>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{1.5, -0.125, 0.375}));
}

TEST_F(DecodeTest, ExpandsTwoOfFour) {
  // Positions 1, 3 | 0, 2 in two bits each, first in the low bits.
  auto data = decode(R"(
    %v = slim.constant dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
    %p = slim.constant dense<[[141]]> : tensor<1x1xui8>
    %w = slim.sparse_decode %v, %p {n = 2, m = 4}
      : (tensor<1x4xf32>, tensor<1x1xui8>) -> tensor<1x8xf32>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toFloats(), (std::vector<float>{0, 1, 0, 2, 3, 0, 4, 0}));
}

TEST_F(DecodeTest, ExpandsPositionsThatCrossBytes) {
  // 1:8 with three bits: 7, 0, 5 -> 101 000 111 -> 0x47, 0x01.
  auto data = decode(R"(
    %v = slim.constant dense<[[1, 2, 3]]> : tensor<1x3xi4>
    %p = slim.constant dense<[[71, 1]]> : tensor<1x2xui8>
    %w = slim.sparse_decode %v, %p {n = 1, m = 8}
      : (tensor<1x3xi4>, tensor<1x2xui8>) -> tensor<1x24xi4>)");
  ASSERT_TRUE(succeeded(data));
  std::vector<int64_t> expected(24, 0);
  expected[7] = 1;
  expected[8] = 2;
  expected[21] = 3;
  EXPECT_EQ(data->toInts(), expected);
}

TEST_F(DecodeTest, RefusesPositionsOutOfOrder) {
  auto data = decode(R"(
    %v = slim.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
    %p = slim.constant dense<[[5]]> : tensor<1x1xui8>
    %w = slim.sparse_decode %v, %p {n = 2, m = 4}
      : (tensor<1x2xf32>, tensor<1x1xui8>) -> tensor<1x4xf32>)");
  EXPECT_TRUE(failed(data));
  EXPECT_EQ(message,
            "'slim.sparse_decode' op cannot decode row 0: stored element 1 has "
            "position 1 in its group of 4, where positions are ascending");
}

TEST_F(DecodeTest, UnpacksBits) {
  auto data = decode(R"(
    %p = slim.constant dense<[[65, 82, 13]]> : tensor<1x3xui8>
    %w = slim.unpack_bits %p {extent = 5, to = i4}
      : (tensor<1x3xui8>) -> tensor<1x5xi4>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toInts(), (std::vector<int64_t>{1, 2, -3, 4, 5}));
}

TEST_F(DecodeTest, PermutesAndReshapes) {
  auto data = decode(R"(
    %v = slim.constant dense<[[[1, 2], [3, 4], [5, 6]]]> : tensor<1x3x2xi16>
    %w = slim.reshape_decode %v {permutation = array<i64: 2, 0, 1>,
                                 shape = array<i64: 6>}
      : (tensor<1x3x2xi16>) -> tensor<6xi16>)");
  ASSERT_TRUE(succeeded(data));
  EXPECT_EQ(data->toInts(), (std::vector<int64_t>{1, 3, 5, 2, 4, 6}));
}

} // namespace
