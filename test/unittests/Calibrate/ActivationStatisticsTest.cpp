//===- ActivationStatisticsTest.cpp - The file of statistics --------------===//

#include "slim/Calibrate/ActivationStatistics.h"
#include "slim/Data/SafetensorsFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace slim;
using llvm::toString;

namespace {

class ActivationStatisticsTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("statistics", "st", path));
    remover.setFile(path);
  }
  void write(llvm::StringRef bytes) {
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << bytes;
    ASSERT_FALSE(error);
  }
  std::string read() {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  }
  std::string loadError() {
    auto loaded = CalibrationStatistics::load(path);
    return loaded ? std::string() : toString(loaded.takeError());
  }

  llvm::SmallString<128> path;
  llvm::FileRemover remover;
};

CalibrationStatistics makeStatistics() {
  auto entry = std::make_shared<ActivationStatistics>();
  entry->samples = 3;
  entry->rows = 12;
  entry->groups = 2;
  entry->min = -std::numeric_limits<float>::infinity();
  entry->max = 0.1f;
  entry->channelAbsMax = {1, 2, 3, 4};
  entry->channelMean = {0.1, 0.2, 0.3, 1e-300};
  entry->channelAbsMean = {0.5, 0.25, 1, 2};
  entry->channelMeanSquare = {1, 4, 9, 16};
  entry->secondMoment = {1, 2, 2, 4, 5, 6, 6, 7};
  auto other = std::make_shared<ActivationStatistics>();
  other->samples = 3;
  other->histogram = {1, 0, uint64_t(1) << 60};
  other->histogramMin = -1;
  other->histogramMax = 2;

  CalibrationStatistics statistics;
  statistics.source = {"m", "d", "o", {{"w", "1234"}}};
  statistics.insert("query", entry);
  statistics.insert("key", entry);
  statistics.insert("%gelu \"1\"", other);
  return statistics;
}

TEST_F(ActivationStatisticsTest, SurvivesItsFile) {
  ASSERT_EQ(toString(makeStatistics().save(path)), "");
  std::string bytes = read();
  auto loaded = CalibrationStatistics::load(path);
  ASSERT_TRUE(bool(loaded)) << toString(loaded.takeError());
  EXPECT_EQ(loaded->source.model, "m");
  EXPECT_EQ(loaded->source.weights.at("w"), "1234");
  ASSERT_EQ(loaded->getNames().size(), 3u);
  EXPECT_EQ(loaded->lookup("query"), loaded->lookup("key"));
  EXPECT_EQ(loaded->lookup("value"), nullptr);
  const ActivationStatistics &query = *loaded->lookup("query");
  EXPECT_EQ(query.rows, 12);
  EXPECT_EQ(query.getColumns(), 4);
  EXPECT_EQ(query.min, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(query.channelMean[3], 1e-300);
  EXPECT_EQ(query.getSecondMoment(1)[3], 7);
  EXPECT_EQ(loaded->lookup("%gelu \"1\"")->histogram[2], uint64_t(1) << 60);
  ASSERT_EQ(toString(loaded->save(path)), "");
  EXPECT_EQ(read(), bytes);
}

TEST_F(ActivationStatisticsTest, RefusesOtherFiles) {
  write("not a file of tensors");
  EXPECT_NE(loadError().find("it is no safetensors file"), std::string::npos);
  ASSERT_EQ(toString(SafetensorsWriter().write(path)), "");
  EXPECT_NE(loadError().find("it holds no calibration statistics"),
            std::string::npos);
  SafetensorsWriter damaged;
  damaged.setMetadata("slim.calibration", "{");
  ASSERT_EQ(toString(damaged.write(path)), "");
  EXPECT_NE(loadError().find("damaged"), std::string::npos);
  SafetensorsWriter incomplete;
  incomplete.setMetadata("slim.calibration",
                         R"({"version": 1, "entries": {"w": {"rows": 1}}})");
  ASSERT_EQ(toString(incomplete.write(path)), "");
  EXPECT_NE(loadError().find("the entry 'w' is incomplete"), std::string::npos);
}

TEST_F(ActivationStatisticsTest, RefusesEveryTruncation) {
  ASSERT_EQ(toString(makeStatistics().save(path)), "");
  std::string bytes = read();
  for (size_t size = 0; size < bytes.size(); size += 7) {
    write(llvm::StringRef(bytes).take_front(size));
    EXPECT_NE(loadError(), "") << size;
  }
}

} // namespace
