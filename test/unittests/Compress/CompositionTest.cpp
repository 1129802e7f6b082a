//===- CompositionTest.cpp - Passes in every order ------------------------===//
//
// The composition matrix: what each pass guarantees must hold whatever ran
// before and after it, on every layout of a weight.
//
//===----------------------------------------------------------------------===//

#include "slim/Compress/DecodeTree.h"
#include "slim/Compress/Passes.h"
#include "slim/Compress/Report.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "slim/IR/SlimOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace slim;

namespace {

/// A layer whose weight has `outputs` channels, each a sum over `reduction`
/// elements, and how to find element (o, k) in the stored tensor.
struct Layout {
  const char *name;
  std::string weightType;
  std::string body;
  int64_t outputs;
  int64_t reduction;
  int64_t (*index)(int64_t o, int64_t k);
};

constexpr int64_t kOutputs = 6, kReduction = 24;

std::vector<Layout> allLayouts() {
  return {
      {"linear", "tensor<6x24xf32>",
       "%x = slim.constant dense<1.0> : tensor<1x24xf32>\n"
       "%y = slim.linear %x, %w : (tensor<1x24xf32>, tensor<6x24xf32>) -> "
       "tensor<1x6xf32>",
       kOutputs, kReduction,
       [](int64_t o, int64_t k) { return o * kReduction + k; }},
      {"transposed", "tensor<24x6xf32>",
       "%x = slim.constant dense<1.0> : tensor<1x24xf32>\n"
       "%y = slim.linear %x, %w {transposed = true} : (tensor<1x24xf32>, "
       "tensor<24x6xf32>) -> tensor<1x6xf32>",
       kOutputs, kReduction,
       [](int64_t o, int64_t k) { return k * kOutputs + o; }},
      {"conv", "tensor<6x4x2x3xf32>",
       "%x = slim.constant dense<1.0> : tensor<1x4x2x3xf32>\n"
       "%y = slim.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: "
       "0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : "
       "(tensor<1x4x2x3xf32>, tensor<6x4x2x3xf32>) -> tensor<1x6x1x1xf32>",
       kOutputs, kReduction,
       [](int64_t o, int64_t k) { return o * kReduction + k; }},
      {"conv_transpose", "tensor<4x6x2x3xf32>",
       "%x = slim.constant dense<1.0> : tensor<1x4x1x1xf32>\n"
       "%y = slim.conv_transpose %x, %w {strides = array<i64: 1, 1>, pads = "
       "array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding "
       "= array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x4x1x1xf32>, "
       "tensor<4x6x2x3xf32>) -> tensor<1x6x2x3xf32>",
       kOutputs, kReduction,
       [](int64_t o, int64_t k) { return (k / 6 * kOutputs + o) * 6 + k % 6; }},
  };
}

class CompositionTest : public ::testing::Test {
protected:
  CompositionTest() {
    static bool registered = (registerSlimCompressPasses(), true);
    (void)registered;
    context.loadDialect<SlimDialect, func::FuncDialect>();
    std::mt19937 engine(1);
    // Distinct magnitudes, so that every selection is unique.
    for (int64_t i = 0; i < kOutputs * kReduction; ++i)
      original.push_back(float(i + 1) * (engine() & 1 ? 0.01f : -0.01f));
    for (int64_t i = int64_t(original.size()) - 1; i > 0; --i)
      std::swap(original[i], original[engine() % (i + 1)]);
  }

  OwningOpRef<ModuleOp> build(const Layout &layout) {
    std::string values;
    llvm::raw_string_ostream stream(values);
    stream << '"' << "0x";
    for (float value : original)
      for (int byte = 0; byte < 4; ++byte)
        stream << llvm::formatv(
            "{0:X-2}",
            unsigned(reinterpret_cast<const uint8_t *>(&value)[byte]));
    stream << '"';
    std::string text = llvm::formatv(
        "slim.weight @w : {0} = dense<{1}> : {0}\n"
        "func.func @main() {{\n%w = slim.get_weight @w : {0}\n{2}\nreturn\n}",
        layout.weightType, values, layout.body);
    return parseSourceString<ModuleOp>(text, &context);
  }

  LogicalResult run(ModuleOp module, StringRef pipeline) {
    PassManager manager(&context);
    if (failed(parsePassPipeline(pipeline, manager)))
      return failure();
    return manager.run(module);
  }

  /// The dense weight [outputs, reduction] that the only layer reads.
  std::vector<float> decode(ModuleOp module, const Layout &layout) {
    std::vector<float> matrix;
    module.walk([&](CompressibleOpInterface op) {
      FailureOr<std::vector<float>> dense =
          decodeToDense(op.getWeightOperand().get());
      if (failed(dense))
        return;
      for (int64_t o = 0; o < layout.outputs; ++o)
        for (int64_t k = 0; k < layout.reduction; ++k)
          matrix.push_back((*dense)[layout.index(o, k)]);
    });
    return matrix;
  }

  std::vector<float> originalMatrix(const Layout &layout) {
    std::vector<float> matrix;
    for (int64_t o = 0; o < layout.outputs; ++o)
      for (int64_t k = 0; k < layout.reduction; ++k)
        matrix.push_back(original[layout.index(o, k)]);
    return matrix;
  }

  MLIRContext context;
  std::vector<float> original;
};

constexpr StringLiteral kNM = "prune-nm{min-elements=0}";
constexpr StringLiteral kInt8 = "quantize-int8{min-elements=0}";
constexpr StringLiteral kUnstructured =
    "prune-unstructured{sparsity=0.6 min-elements=0}";

TEST_F(CompositionTest, EveryOrderKeepsEveryGuarantee) {
  SmallVector<StringRef> sorted = {kNM, kInt8, kUnstructured};
  llvm::sort(sorted);
  for (const Layout &layout : allLayouts()) {
    std::vector<float> reference = originalMatrix(layout);
    SmallVector<StringRef> order(sorted);
    do {
      std::string pipeline = llvm::join(order, ",");
      SCOPED_TRACE(std::string(layout.name) + ": " + pipeline);
      OwningOpRef<ModuleOp> module = build(layout);
      ASSERT_TRUE(module);
      ASSERT_TRUE(succeeded(run(*module, pipeline)));
      ASSERT_TRUE(succeeded(verify(*module)));
      for (const llvm::json::Value &entry : getReport(*module))
        EXPECT_EQ("applied", *entry.getAsObject()->getString("status"));

      std::vector<float> matrix = decode(*module, layout);
      ASSERT_EQ(reference.size(), matrix.size());
      int64_t zeros = 0;
      for (int64_t o = 0; o < kOutputs; ++o) {
        float absMax = 0;
        for (int64_t k = 0; k < kReduction; ++k)
          absMax = std::fmax(absMax, std::fabs(reference[o * kReduction + k]));
        for (int64_t chunk = 0; chunk < kReduction; chunk += 4) {
          int64_t nonzeros = 0;
          for (int64_t k = chunk; k < chunk + 4; ++k) {
            float value = matrix[o * kReduction + k];
            nonzeros += value != 0;
            zeros += value == 0;
            // Survivors are within half a scale of the original, and each
            // scale is at most that of the whole channel.
            if (value != 0)
              EXPECT_NEAR(reference[o * kReduction + k], value,
                          0.5001f * absMax / 127);
          }
          EXPECT_LE(nonzeros, 2);
        }
      }
      EXPECT_GE(zeros, std::llround(0.6 * kOutputs * kReduction));
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST_F(CompositionTest, EveryFormatGoesWithEveryPass) {
  const std::pair<StringRef, double> formats[] = {
      {"format=int4 group-size=5", 0.1},
      {"format=int3 block=4x7 asymmetric algorithm=mse", 0.25},
      {"format=int2 granularity=tensor algorithm=mse", 0.6},
      {"format=ternary", 0.7},
      {"format=fp8e4m3 group-size=8 scale-type=bf16", 0.05},
      {"format=fp8e5m2 granularity=tensor", 0.1},
      {"format=mxfp4", 0.2},
      {"format=nvfp4", 0.15},
      {"format=nf4 granularity=channel algorithm=hqq", 0.2},
      {"format=kmeans3 algorithm=kmeans granularity=tensor", 0.3},
  };
  // {0} stands for the quantization.
  const StringRef pipelines[] = {
      "{0}",
      "prune-nm{{min-elements=0},{0}",
      "{0},prune-nm{{min-elements=0}",
      "prune-unstructured{{sparsity=0.6 min-elements=0},{0}",
      "{0},prune-unstructured{{sparsity=0.6 min-elements=0}",
      "{0},lowrank-factorize{{rank=2 min-elements=0}",
      "{0},cast-products{{min-elements=0}",
      "cast-products{{min-elements=0},{0}",
      "{0},quantize-int8{{min-elements=0}",
  };
  int applied = 0;
  for (const Layout &layout : allLayouts())
    for (auto [format, bound] : formats)
      for (StringRef form : pipelines) {
        std::string quantize =
            ("quantize{min-elements=0 " + format + "}").str();
        std::string pipeline = llvm::formatv(form.data(), quantize);
        SCOPED_TRACE(std::string(layout.name) + ": " + pipeline);
        OwningOpRef<ModuleOp> module = build(layout);
        ASSERT_TRUE(succeeded(run(*module, pipeline)));
        ASSERT_TRUE(succeeded(verify(*module)));
        module->walk([&](CompressibleOpInterface op) {
          FailureOr<std::vector<float>> dense =
              decodeToDense(op.getWeightOperand().get());
          ASSERT_TRUE(succeeded(dense));
          for (float value : *dense)
            ASSERT_TRUE(std::isfinite(value));
        });
        for (const llvm::json::Value &value : getReport(*module)) {
          const llvm::json::Object &entry = *value.getAsObject();
          EXPECT_FALSE(entry.getString("message")->empty());
          if (*entry.getString("pass") != "quantize" ||
              *entry.getString("status") != "applied")
            continue;
          ++applied;
          EXPECT_LT(*entry.getNumber("relative_error"), bound);
          EXPECT_LT(*entry.getInteger("bytes_after"),
                    *entry.getInteger("bytes_before"));
        }
      }
  // A table or scales of their own are too much for some of the forms.
  EXPECT_GT(applied, 250);
}

TEST_F(CompositionTest, ReportsTheErrorThatIsThere) {
  for (const Layout &layout : allLayouts()) {
    SCOPED_TRACE(layout.name);
    OwningOpRef<ModuleOp> module = build(layout);
    ASSERT_TRUE(succeeded(run(*module, kInt8)));
    std::vector<float> reference = originalMatrix(layout);
    std::vector<float> matrix = decode(*module, layout);
    double norm = 0, distance = 0;
    for (auto [before, after] : llvm::zip_equal(reference, matrix)) {
      norm += double(before) * before;
      distance += std::pow(double(before) - after, 2);
    }
    llvm::json::Array report = getReport(*module);
    ASSERT_EQ(1u, report.size());
    const llvm::json::Object &entry = *report[0].getAsObject();
    EXPECT_DOUBLE_EQ(std::sqrt(distance / norm),
                     *entry.getNumber("relative_error"));
    EXPECT_EQ(kOutputs * kReduction * 4, *entry.getInteger("bytes_before"));
    EXPECT_EQ(kOutputs * (kReduction + 4), *entry.getInteger("bytes_after"));
  }
}

TEST_F(CompositionTest, FactorsMultiplyToTheWeight) {
  for (const Layout &layout : allLayouts()) {
    if (StringRef(layout.name) == "conv_transpose")
      continue;
    SCOPED_TRACE(layout.name);
    OwningOpRef<ModuleOp> module = build(layout);
    ASSERT_TRUE(
        succeeded(run(*module, "lowrank-factorize{rank=3 min-elements=0}")));
    SmallVector<std::vector<float>> factors;
    for (StringRef name : {"w.left", "w.right"}) {
      auto weight = module->lookupSymbol<WeightOp>(name);
      ASSERT_TRUE(weight);
      factors.push_back(
          TensorData::fromAttr(cast<ElementsAttr>(*weight.getData()))
              ->toFloats());
    }
    int64_t rows = int64_t(factors[0].size()) / 3;
    int64_t cols = int64_t(factors[1].size()) / 3;
    double norm = 0, distance = 0;
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < cols; ++j) {
        double product = 0;
        for (int64_t k = 0; k < 3; ++k)
          product += double(factors[0][i * 3 + k]) * factors[1][k * cols + j];
        double value = original[i * cols + j];
        norm += value * value;
        distance += (value - product) * (value - product);
      }
    }
    llvm::json::Array report = getReport(*module);
    EXPECT_NEAR(std::sqrt(distance / norm),
                *report[0].getAsObject()->getNumber("relative_error"), 1e-6);
    EXPECT_LT(std::sqrt(distance / norm), 0.9);
  }
}

} // namespace
