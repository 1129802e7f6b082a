//===- ArenaTest.cpp - Memory of a session --------------------------------===//

#include "FakeModel.h"

#include <cstdlib>

using namespace slim::test;

// What the runtime asked of libc, and whether the next request is refused.
static int allocations = 0;
static int refusals = 0;

extern "C" void *slim_test_aligned_alloc(size_t alignment, size_t size) {
  ++allocations;
  if (refusals > 0) {
    --refusals;
    return nullptr;
  }
  return aligned_alloc(alignment, size);
}

namespace {

class ArenaTest : public SessionTest {
protected:
  void SetUp() override {
    SessionTest::SetUp();
    allocations = refusals = 0;
  }

  void runMain(int64_t length) {
    std::vector<int64_t> ids(length, 3), mask(length, 1);
    float scale[4] = {1, 2, 3, 4};
    slim_tensor inputs[] = {makeTensor(ids.data(), SLIM_I64, {1, length}),
                            makeTensor(mask.data(), SLIM_I64, {1, length}),
                            makeTensor(scale, SLIM_F32, {4})};
    slim_tensor outputs[2];
    ASSERT_EQ(slim_session_run(session, Main, inputs, outputs), SLIM_OK)
        << slim_session_error(session);
    for (int64_t i = 0; i < length; ++i)
      ASSERT_EQ(static_cast<int64_t *>(outputs[0].data)[i], 4);
  }
};

TEST_F(ArenaTest, SteadyStateAllocatesNothing) {
  runMain(100);
  EXPECT_GT(allocations, 0);
  allocations = 0;
  for (int i = 0; i < 50; ++i)
    runMain(100);
  EXPECT_EQ(allocations, 0);
}

TEST_F(ArenaTest, SmallerShapesReuseLargerBlocks) {
  runMain(1000);
  allocations = 0;
  runMain(900);
  runMain(600);
  runMain(1000);
  EXPECT_EQ(allocations, 0);
}

TEST_F(ArenaTest, AlternatingShapesReachSteadyState) {
  for (int i = 0; i < 2; ++i)
    for (int64_t length : {100, 10000, 1000})
      runMain(length);
  allocations = 0;
  for (int i = 0; i < 20; ++i)
    for (int64_t length : {100, 10000, 1000})
      runMain(length);
  EXPECT_EQ(allocations, 0);
}

TEST_F(ArenaTest, GivesBackWhatNoRecentRunUsed) {
  // 8 MB once, then 1 MB for long, then 32 MB: the pressure of the new block
  // gives the 8 MB back, so that asking for them again reaches libc.
  ASSERT_EQ(act(Megabyte + 7), SLIM_OK);
  ASSERT_EQ(act(Megabyte), SLIM_OK);
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(act(Megabyte), SLIM_OK);
  ASSERT_EQ(act(Megabyte + 31), SLIM_OK);
  allocations = 0;
  ASSERT_EQ(act(Megabyte + 7), SLIM_OK);
  EXPECT_EQ(allocations, 1);
}

TEST_F(ArenaTest, OddAllocations) {
  ASSERT_EQ(act(OddAllocations), SLIM_OK);
  EXPECT_EQ(result, 0);
}

TEST_F(ArenaTest, LeftoversAreReused) {
  ASSERT_EQ(act(Leak), SLIM_OK);
  allocations = 0;
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(act(Leak), SLIM_OK);
  EXPECT_EQ(allocations, 0);
}

TEST_F(ArenaTest, FreeBlocksHelpWhenMemoryIsExhausted) {
  ASSERT_EQ(act(Megabyte + 7), SLIM_OK);
  refusals = 1; // the first request of the 32 MB fails, the second succeeds
  EXPECT_EQ(act(Megabyte + 31), SLIM_OK);
  EXPECT_EQ(refusals, 0);
}

TEST_F(ArenaTest, ExhaustionEndsTheRunOnly) {
  runMain(100);
  refusals = 1000;
  EXPECT_EQ(act(Megabyte + 7), SLIM_ERROR_OUT_OF_MEMORY);
  EXPECT_STREQ(slim_session_error(session),
               "out of memory: a tensor needs 8388608 bytes");
  refusals = 0;
  runMain(100);
}

TEST_F(ArenaTest, AbsurdSizes) {
  EXPECT_EQ(act(NegativeAllocation), SLIM_ERROR_OUT_OF_MEMORY);
  EXPECT_STREQ(slim_session_error(session),
               "out of memory: the shapes of this run give a tensor more bytes "
               "than memory can address");
  EXPECT_EQ(act(AbsurdAllocation), SLIM_ERROR_OUT_OF_MEMORY);
  EXPECT_STREQ(slim_session_error(session),
               "out of memory: a tensor needs 9223372036854775807 bytes");
  EXPECT_EQ(allocations, 1); // for the result of "act"
}

} // namespace
