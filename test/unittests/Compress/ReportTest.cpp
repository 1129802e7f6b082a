//===- ReportTest.cpp - Tests of the compression report -------------------===//

#include "slim/Compress/Report.h"

#include "mlir/IR/Builders.h"
#include "slim/IR/SlimDialect.h"

#include "gtest/gtest.h"

#include <limits>

using namespace slim;

namespace {

TEST(ReportTest, BecomesJson) {
  MLIRContext context;
  context.loadDialect<SlimDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  EXPECT_TRUE(getReport(*module).empty());

  ReportEntry first;
  first.pass = "lowrank-factorize";
  first.weight = "a \"quoted\" name";
  first.applied = true;
  first.message = "rank 2 of 4";
  first.shape = {4, 8};
  first.bytesBefore = 128;
  first.bytesAfter = 96;
  first.relativeError = 0.25;
  Builder builder(&context);
  first.details.emplace_back("rank", builder.getI64IntegerAttr(2));
  appendToReport(*module, first);

  ReportEntry second;
  second.pass = "quantize-int8";
  second.weight = "b";
  second.message = "it has no elements";
  ReportEntry third = second;
  third.applied = true;
  third.relativeError = std::numeric_limits<double>::infinity();
  appendToReport(*module, {second, third});

  llvm::json::Array report = getReport(*module);
  llvm::Expected<llvm::json::Value> expected = llvm::json::parse(R"([
    {"pass": "lowrank-factorize", "weight": "a \"quoted\" name",
     "status": "applied", "message": "rank 2 of 4", "shape": [4, 8],
     "bytes_before": 128, "bytes_after": 96, "relative_error": 0.25,
     "rank": 2},
    {"pass": "quantize-int8", "weight": "b", "status": "skipped",
     "message": "it has no elements", "shape": [], "bytes_before": 0,
     "bytes_after": 0},
    {"pass": "quantize-int8", "weight": "b", "status": "applied",
     "message": "it has no elements", "shape": [], "bytes_before": 0,
     "bytes_after": 0, "relative_error": null}])");
  ASSERT_TRUE(bool(expected));
  EXPECT_EQ(*expected->getAsArray(), report);
}

} // namespace
