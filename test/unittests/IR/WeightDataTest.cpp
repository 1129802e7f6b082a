//===- WeightDataTest.cpp - Tests of reading weights ----------------------===//
#include "slim/IR/WeightData.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace slim;

namespace {

class WeightDataTest : public ::testing::Test {
protected:
  WeightDataTest() {
    context.loadDialect<SlimDialect>();
    EXPECT_FALSE(
        llvm::sys::fs::createUniqueDirectory("slim-weights", directory));
  }
  ~WeightDataTest() override { llvm::sys::fs::remove_directories(directory); }

  std::string getPath(StringRef name) {
    SmallString<128> path(directory);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }
  void write(StringRef name, StringRef bytes) {
    std::error_code error;
    llvm::raw_fd_ostream stream(getPath(name), error);
    ASSERT_FALSE(error);
    stream << bytes;
  }
  WeightOp parse(const std::string &source) {
    module = parseSourceString<ModuleOp>(source, &context);
    EXPECT_TRUE(module);
    return *module->getOps<WeightOp>().begin();
  }
  /// The message of the failure to read, or what was read.
  std::string read(WeightOp weight) {
    std::string message;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message = diagnostic.str();
      return success();
    });
    FailureOr<TensorData> data = readWeightData(weight);
    return succeeded(data)
               ? std::string(data->getBytes().begin(), data->getBytes().end())
               : message;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  SmallString<128> directory;
};

TEST_F(WeightDataTest, ReadsPartOfAFile) {
  write("w.bin", "0123456789");
  setWeightDirectory(&context, directory);
  WeightOp weight =
      parse(R"(slim.weight @w : tensor<4xi8> = #slim.external<"w.bin", 3>)");
  EXPECT_EQ(read(weight), "3456");
}

TEST_F(WeightDataTest, ReadsUpToTheEnd) {
  write("w.bin", "0123456789");
  setWeightDirectory(&context, directory);
  EXPECT_EQ(
      read(parse(
          R"(slim.weight @w : tensor<4xi8> = #slim.external<"w.bin", 6>)")),
      "6789");
  EXPECT_EQ(
      read(parse(
          R"(slim.weight @w : tensor<0xi8> = #slim.external<"w.bin", 10>)")),
      "");
  EXPECT_NE(
      read(parse(
               R"(slim.weight @w : tensor<4xi8> = #slim.external<"w.bin", 7>)"))
          .find("needs 4 bytes of data at offset 7"),
      std::string::npos);
}

TEST_F(WeightDataTest, RefusesOffsetsThatWrapAround) {
  write("w.bin", "0123456789");
  setWeightDirectory(&context, directory);
  std::string message = read(parse(
      R"(slim.weight @w : tensor<4xi8> = #slim.external<"w.bin", 9223372036854775803>)"));
  EXPECT_NE(message.find("which has only 10"), std::string::npos) << message;
}

TEST_F(WeightDataTest, MapsAFileOnceAndKeepsItForItsData) {
  write("w.bin", "0123456789");
  setWeightDirectory(&context, directory);
  WeightOp weight =
      parse(R"(slim.weight @w : tensor<4xi8> = #slim.external<"w.bin", 0>)");
  FailureOr<TensorData> first = readWeightData(weight);
  FailureOr<TensorData> second = readWeightData(weight);
  ASSERT_TRUE(succeeded(first) && succeeded(second));
  EXPECT_EQ(first->getOwner(), second->getOwner());
  closeWeightFiles(&context);
  EXPECT_EQ(first->getInt(0), '0');
  FailureOr<TensorData> third = readWeightData(weight);
  ASSERT_TRUE(succeeded(third));
  EXPECT_NE(third->getOwner(), first->getOwner());
}

TEST_F(WeightDataTest, FindsFilesBesideTheModule) {
  write("w.bin", "0123");
  write("m.mlir",
        R"(slim.weight @w : tensor<4xi8> = #slim.external<"w.bin", 0>)");
  module = parseSourceFile<ModuleOp>(getPath("m.mlir"), &context);
  ASSERT_TRUE(module);
  EXPECT_EQ(read(*module->getOps<WeightOp>().begin()), "0123");
}

TEST_F(WeightDataTest, SaysWhatIsMissing) {
  setWeightDirectory(&context, directory);
  std::string message = read(
      parse(R"(slim.weight @w : tensor<4xi8> = #slim.external<"no.bin", 2>)"));
  EXPECT_NE(message.find("cannot read 4 bytes of data at offset 2 of '" +
                         getPath("no.bin") + "'"),
            std::string::npos)
      << message;
  EXPECT_NE(read(parse("slim.weight @w : tensor<4xi8>")).find("has no data"),
            std::string::npos);
  EXPECT_NE(read(parse("slim.weight @w : tensor<4xi8> = dense_resource<gone> : "
                       "tensor<4xi8>"))
                .find("resource 'gone', which the module does not hold"),
            std::string::npos);
}

TEST_F(WeightDataTest, RefusesDevices) {
  std::string message = read(parse(
      R"(slim.weight @w : tensor<4xi8> = #slim.external<"/dev/zero", 0>)"));
  EXPECT_NE(message.find("cannot read 4 bytes"), std::string::npos) << message;
}

TEST_F(WeightDataTest, ReadsAttributesAndResources) {
  EXPECT_EQ(read(parse("slim.weight @w : tensor<2xi8> = dense<[65, 66]> : "
                       "tensor<2xi8>")),
            "AB");
  EXPECT_EQ(read(parse(R"(
    slim.weight @w : tensor<2xi8> = dense_resource<r> : tensor<2xi8>
    {-# dialect_resources: { builtin: { r: "0x010000004142" } } #-})")),
            "AB");
}

} // namespace
