//===- VectorJacobianTest.cpp - Gradients against finite differences ------===//

#include "ConstantInterpreter.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "slim/IR/SlimOps.h"
#include "gtest/gtest.h"
#include <random>

using namespace slim;
using namespace slim::test;

namespace {

/// An op and what it is tried on: the types in the text may be dynamic, the
/// shapes of the inputs are not.
struct Case {
  const char *name;
  const char *arguments;
  const char *op;
  const char *resultType;
  std::vector<std::vector<int64_t>> shapes;
};

void PrintTo(const Case &testCase, std::ostream *os) { *os << testCase.name; }

class VectorJacobianTest : public testing::TestWithParam<Case> {
protected:
  VectorJacobianTest() {
    context.loadDialect<SlimDialect, func::FuncDialect>();
  }

  DenseElementsAttr getRandom(ArrayRef<int64_t> shape) {
    std::uniform_real_distribution<double> distribution(-1.5, 1.5);
    auto type = RankedTensorType::get(shape, Float64Type::get(&context));
    SmallVector<double> values(type.getNumElements());
    for (double &value : values)
      value = distribution(generator);
    return DenseElementsAttr::get(type, ArrayRef(values));
  }

  /// Appends the result's gradient to the function's arguments and returns the
  /// operands' gradients instead of its result.
  void differentiate(func::FuncOp function) {
    Block &block = function.getBody().front();
    Operation *terminator = block.getTerminator();
    Operation *op = terminator->getOperand(0).getDefiningOp();
    Value gradient =
        block.addArgument(op->getResult(0).getType(), op->getLoc());
    OpBuilder builder(terminator);
    SmallVector<Value> gradients;
    ASSERT_TRUE(succeeded(cast<DifferentiableOpInterface>(op).buildVJP(
        builder, gradient, gradients)));
    ASSERT_EQ(gradients.size(), op->getNumOperands());
    SmallVector<Value> results;
    for (auto [value, operand] : llvm::zip_equal(gradients, op->getOperands()))
      if (value) {
        EXPECT_TRUE(succeeded(
            verifyCompatibleShape(value.getType(), operand.getType())));
        results.push_back(value);
      }
    terminator->setOperands(results);
    function.setFunctionType(FunctionType::get(
        &context, block.getArgumentTypes(), terminator->getOperandTypes()));
  }

  MLIRContext context;
  std::mt19937 generator{7};
};

} // namespace

TEST_P(VectorJacobianTest, FiniteDifferences) {
  const Case &testCase = GetParam();
  std::string source = std::string("func.func @f(") + testCase.arguments +
                       ") -> " + testCase.resultType +
                       " {\n  %result = " + testCase.op +
                       "\n  return %result : " + testCase.resultType + "\n}";
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(source, ParserConfig(&context));
  ASSERT_TRUE(module) << source;
  auto function = *module->getOps<func::FuncOp>().begin();
  OwningOpRef<func::FuncOp> derivative(function.clone());
  ASSERT_NO_FATAL_FAILURE(differentiate(*derivative));
  ASSERT_TRUE(succeeded(verify(*derivative)));

  SmallVector<DenseElementsAttr> inputs;
  for (const std::vector<int64_t> &shape : testCase.shapes)
    inputs.push_back(getRandom(shape));
  auto results = interpret(function, inputs);
  ASSERT_TRUE(results);
  DenseElementsAttr cotangent =
      getRandom(results->front().getType().getShape());
  std::vector<double> weights = getDoubles(cotangent);

  SmallVector<DenseElementsAttr> derivativeInputs(inputs);
  derivativeInputs.push_back(cotangent);
  auto gradients = interpret(*derivative, derivativeInputs);
  ASSERT_TRUE(gradients);
  ASSERT_EQ(gradients->size(), inputs.size());

  auto evaluate = [&]() {
    double sum = 0;
    std::vector<double> values =
        getDoubles(interpret(function, inputs)->front());
    for (size_t i = 0; i < values.size(); ++i)
      sum += values[i] * weights[i];
    return sum;
  };
  constexpr double step = 1e-5;
  for (size_t input = 0; input < inputs.size(); ++input) {
    DenseElementsAttr original = inputs[input];
    ASSERT_EQ((*gradients)[input].getType(), original.getType());
    std::vector<double> gradient = getDoubles((*gradients)[input]);
    std::vector<double> values = getDoubles(original);
    for (size_t i = 0; i < values.size(); ++i) {
      double value = values[i];
      double sides[2];
      for (int side : {0, 1}) {
        values[i] = value + (side == 0 ? step : -step);
        inputs[input] =
            DenseElementsAttr::get(original.getType(), ArrayRef(values));
        sides[side] = evaluate();
      }
      values[i] = value;
      EXPECT_NEAR(gradient[i], (sides[0] - sides[1]) / (2 * step), 1e-7)
          << "element " << i << " of input " << input;
    }
    inputs[input] = original;
  }
}

static std::string getName(const testing::TestParamInfo<Case> &info) {
  return info.param.name;
}

#define UNARY(name, op)                                                        \
  Case {                                                                       \
    name, "%x: tensor<?x3xf64>", op " : (tensor<?x3xf64>) -> tensor<?x3xf64>", \
        "tensor<?x3xf64>", {                                                   \
      { 4, 3 }                                                                 \
    }                                                                          \
  }

INSTANTIATE_TEST_SUITE_P(
    Activations, VectorJacobianTest,
    testing::Values(
        UNARY("tanh", "slim.tanh %x"), UNARY("sigmoid", "slim.sigmoid %x"),
        UNARY("relu", "slim.relu %x"), UNARY("silu", "slim.silu %x"),
        UNARY("gelu", "slim.gelu %x"),
        UNARY("gelu_tanh", "slim.gelu %x {tanh_approximation = true}"),
        UNARY("softmax_last", "slim.softmax %x {axis = 1}"),
        UNARY("softmax_first", "slim.softmax %x {axis = 0}")),
    getName);

/// Two shapes that broadcast, statically.
#define BINARY_STATIC(name, op)                                                \
  Case {                                                                       \
    name, "%x: tensor<2x1x3xf64>, %y: tensor<4x3xf64>",                        \
        op " %x, %y : (tensor<2x1x3xf64>, tensor<4x3xf64>) -> "                \
           "tensor<2x4x3xf64>",                                                \
        "tensor<2x4x3xf64>", {                                                 \
      {2, 1, 3}, {4, 3}                                                        \
    }                                                                          \
  }
/// The same with extents that only run time knows.
#define BINARY_DYNAMIC(name, op, ...)                                          \
  Case {                                                                       \
    name, "%x: tensor<?x?x3xf64>, %y: tensor<?x?xf64>",                        \
        op " %x, %y : (tensor<?x?x3xf64>, tensor<?x?xf64>) -> "                \
           "tensor<?x?x3xf64>",                                                \
        "tensor<?x?x3xf64>", __VA_ARGS__                                       \
  }

using Shapes = std::vector<std::vector<int64_t>>;

INSTANTIATE_TEST_SUITE_P(
    Broadcasting, VectorJacobianTest,
    testing::Values(
        BINARY_STATIC("add_static", "slim.add"),
        BINARY_STATIC("sub_static", "slim.sub"),
        BINARY_STATIC("mul_static", "slim.mul"),
        BINARY_DYNAMIC("add_left", "slim.add", Shapes{{2, 1, 3}, {4, 3}}),
        BINARY_DYNAMIC("sub_right", "slim.sub", Shapes{{2, 4, 3}, {1, 1}}),
        BINARY_DYNAMIC("mul_none", "slim.mul", Shapes{{2, 4, 3}, {4, 3}}),
        BINARY_DYNAMIC("mul_both", "slim.mul", Shapes{{2, 1, 3}, {4, 1}}),
        BINARY_DYNAMIC("mul_ones", "slim.mul", Shapes{{1, 1, 3}, {1, 3}}),
        Case{"add_scalar",
             "%x: tensor<?xf64>, %y: tensor<f64>",
             "slim.add %x, %y : (tensor<?xf64>, tensor<f64>) -> tensor<?xf64>",
             "tensor<?xf64>",
             {{5}, {}}},
        Case{"mul_bias",
             "%x: tensor<?x4xf64>, %y: tensor<4xf64>",
             "slim.mul %x, %y : (tensor<?x4xf64>, tensor<4xf64>) -> "
             "tensor<?x4xf64>",
             "tensor<?x4xf64>",
             {{3, 4}, {4}}}),
    getName);

#define MATMUL(name, lhs, rhs, result, ...)                                    \
  Case {                                                                       \
    name, "%x: " lhs ", %y: " rhs,                                             \
        "slim.matmul %x, %y : (" lhs ", " rhs ") -> " result, result,          \
        __VA_ARGS__                                                            \
  }

INSTANTIATE_TEST_SUITE_P(
    Products, VectorJacobianTest,
    testing::Values(
        Case{"linear",
             "%x: tensor<?x2x3xf64>, %w: tensor<4x3xf64>, %b: tensor<4xf64>",
             "slim.linear %x, %w, %b : (tensor<?x2x3xf64>, tensor<4x3xf64>, "
             "tensor<4xf64>) -> tensor<?x2x4xf64>",
             "tensor<?x2x4xf64>",
             {{2, 2, 3}, {4, 3}, {4}}},
        Case{"linear_transposed",
             "%x: tensor<2x?xf64>, %w: tensor<?x4xf64>",
             "slim.linear %x, %w {transposed = true} : (tensor<2x?xf64>, "
             "tensor<?x4xf64>) -> tensor<2x4xf64>",
             "tensor<2x4xf64>",
             {{2, 3}, {3, 4}}},
        Case{"linear_vector",
             "%x: tensor<3xf64>, %w: tensor<4x3xf64>, %b: tensor<4xf64>",
             "slim.linear %x, %w, %b : (tensor<3xf64>, tensor<4x3xf64>, "
             "tensor<4xf64>) -> tensor<4xf64>",
             "tensor<4xf64>",
             {{3}, {4, 3}, {4}}},
        MATMUL("matrices", "tensor<?x3xf64>", "tensor<3x?xf64>",
               "tensor<?x?xf64>", Shapes{{2, 3}, {3, 4}}),
        MATMUL("batches", "tensor<2x1x2x3xf64>", "tensor<4x3x2xf64>",
               "tensor<2x4x2x2xf64>", Shapes{{2, 1, 2, 3}, {4, 3, 2}}),
        MATMUL("batches_left", "tensor<?x?x2x3xf64>", "tensor<?x3x2xf64>",
               "tensor<?x?x2x2xf64>", Shapes{{2, 1, 2, 3}, {4, 3, 2}}),
        MATMUL("batches_right", "tensor<?x?x2x3xf64>", "tensor<?x3x2xf64>",
               "tensor<?x?x2x2xf64>", Shapes{{2, 4, 2, 3}, {1, 3, 2}}),
        MATMUL("one_matrix", "tensor<?x2x3xf64>", "tensor<3x2xf64>",
               "tensor<?x2x2xf64>", Shapes{{4, 2, 3}, {3, 2}}),
        MATMUL("vector_left", "tensor<3xf64>", "tensor<?x3x4xf64>",
               "tensor<?x4xf64>", Shapes{{3}, {2, 3, 4}}),
        MATMUL("vector_right", "tensor<?x2x3xf64>", "tensor<3xf64>",
               "tensor<?x2xf64>", Shapes{{4, 2, 3}, {3}}),
        MATMUL("vectors", "tensor<3xf64>", "tensor<3xf64>", "tensor<f64>",
               Shapes{{3}, {3}})),
    getName);

#define REDUCTION(name, op, result)                                            \
  Case {                                                                       \
    name, "%x: tensor<?x3x?xf64>", op " : (tensor<?x3x?xf64>) -> " result,     \
        result, {                                                              \
      { 2, 3, 4 }                                                              \
    }                                                                          \
  }

INSTANTIATE_TEST_SUITE_P(
    Movement, VectorJacobianTest,
    testing::Values(
        REDUCTION("transpose",
                  "slim.transpose %x {permutation = array<i64: 2, 0, 1>}",
                  "tensor<?x?x3xf64>"),
        REDUCTION("sum", "slim.reduce_sum %x {axes = array<i64: 0, 2>}",
                  "tensor<3xf64>"),
        REDUCTION("sum_kept",
                  "slim.reduce_sum %x {axes = array<i64: 1>, keep_dims = true}",
                  "tensor<?x1x?xf64>"),
        REDUCTION("sum_nothing", "slim.reduce_sum %x {axes = array<i64>}",
                  "tensor<?x3x?xf64>"),
        REDUCTION("mean", "slim.reduce_mean %x {axes = array<i64: 2, 1>}",
                  "tensor<?xf64>"),
        REDUCTION(
            "mean_static",
            "slim.reduce_mean %x {axes = array<i64: 1>, keep_dims = true}",
            "tensor<?x1x?xf64>")),
    getName);

// The shape of a reshape has no gradient; it is a constant here.
TEST(ReshapeVectorJacobianTest, ReshapesBack) {
  MLIRContext context;
  context.loadDialect<SlimDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      R"(func.func @f(%x: tensor<?x6xf64>, %g: tensor<?x2xf64>) -> tensor<?x2xf64> {
        %s = slim.constant dense<[-1, 2]> : tensor<2xi64>
        %y = slim.reshape %x, %s : (tensor<?x6xf64>, tensor<2xi64>) -> tensor<?x2xf64>
        return %y : tensor<?x2xf64>
      })",
      ParserConfig(&context));
  ASSERT_TRUE(module);
  auto function = *module->getOps<func::FuncOp>().begin();
  Block &block = function.getBody().front();
  Operation *terminator = block.getTerminator();
  auto reshape = terminator->getOperand(0).getDefiningOp<ReshapeOp>();
  OpBuilder builder(terminator);
  SmallVector<Value> gradients;
  ASSERT_TRUE(
      succeeded(reshape.buildVJP(builder, block.getArgument(1), gradients)));
  ASSERT_EQ(gradients.size(), 2u);
  EXPECT_FALSE(gradients[1]);
  terminator->setOperands(gradients.front());
  function.setFunctionType(FunctionType::get(&context, block.getArgumentTypes(),
                                             terminator->getOperandTypes()));
  ASSERT_TRUE(succeeded(verify(*module)));

  Type f64 = Float64Type::get(&context);
  SmallVector<double> numbers = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  auto input = DenseElementsAttr::get(RankedTensorType::get({2, 6}, f64), 0.0);
  auto gradient = DenseElementsAttr::get(RankedTensorType::get({6, 2}, f64),
                                         ArrayRef(numbers));
  auto results = interpret(function, {input, gradient});
  ASSERT_TRUE(results);
  EXPECT_EQ(results->front().getType(), input.getType());
  EXPECT_EQ(getDoubles(results->front()),
            std::vector<double>(numbers.begin(), numbers.end()));
}
