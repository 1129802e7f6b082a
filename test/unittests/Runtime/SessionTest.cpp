//===- SessionTest.cpp - Sessions and runs --------------------------------===//

#include "FakeModel.h"

#include "slim/Runtime/GeneratedCode.h"

#include <thread>

using namespace slim::test;

extern "C" const char *slim_rt_missing_cpu_feature(uint64_t required);

namespace {

TEST_F(SessionTest, ModelInfo) {
  const slim_model_info *info = slim_get_model_info();
  EXPECT_EQ(info->abi_version, unsigned(SLIM_ABI_VERSION));
  ASSERT_EQ(info->num_entries, 5);
  EXPECT_STREQ(info->entries[Append].name, "append");
}

TEST_F(SessionTest, Run) {
  int64_t ids[] = {1, 2, 3, 4}, mask[] = {1, 1, 0, 0};
  float scale[] = {1, 2, 3, 4};
  slim_tensor inputs[] = {makeTensor(ids, SLIM_I64, {2, 2}),
                          makeTensor(mask, SLIM_I64, {2, 2}),
                          makeTensor(scale, SLIM_F32, {4})};
  slim_tensor outputs[2];
  ASSERT_EQ(slim_session_run(session, Main, inputs, outputs), SLIM_OK);
  EXPECT_STREQ(slim_session_error(session), "");
  EXPECT_EQ(outputs[0].rank, 2);
  EXPECT_EQ(outputs[0].shape[1], 2);
  int64_t *sum = static_cast<int64_t *>(outputs[0].data);
  EXPECT_EQ(std::vector<int64_t>(sum, sum + 4),
            std::vector<int64_t>({2, 3, 3, 4}));
  EXPECT_EQ(static_cast<float *>(outputs[1].data)[3], 2.0f);
}

TEST_F(SessionTest, FailureLeavesTheSessionUsable) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(act(Fail), SLIM_ERROR_RUNTIME);
    EXPECT_STREQ(slim_session_error(session),
                 "Gather node 'g1': index is out of range");
    EXPECT_EQ(act(0), SLIM_OK);
    EXPECT_STREQ(slim_session_error(session), "");
  }
}

// The cache of a decoder: memory of the last outputs must not be handed out
// while it is an input.
TEST_F(SessionTest, OutputsAreInputsOfTheNextRun) {
  slim_tensor cache = makeTensor(nullptr, SLIM_F32, {0});
  for (int64_t n = 0; n < 300; ++n) {
    slim_tensor output;
    ASSERT_EQ(slim_session_run(session, Append, &cache, &output), SLIM_OK);
    ASSERT_EQ(output.shape[0], n + 1);
    for (int64_t i = 0; i <= n; ++i)
      ASSERT_EQ(static_cast<float *>(output.data)[i], static_cast<float>(i));
    cache = output;
  }
}

TEST_F(SessionTest, OutputInTheMemoryOfAnInput) {
  uint8_t data[] = {1, 2};
  slim_tensor input = makeTensor(data, SLIM_U8, {1, 1, 2}), output;
  ASSERT_EQ(slim_session_run(session, Pick, &input, &output), SLIM_OK);
  EXPECT_EQ(output.data, data);
}

TEST_F(SessionTest, SessionsInManyThreads) {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&wrong, t] {
      slim_session *mine;
      if (slim_session_create(&mine) != SLIM_OK) {
        ++wrong[t];
        return;
      }
      for (int32_t i = 0; i < 500; ++i) {
        int32_t action = i % 2 ? Fail : OddAllocations;
        slim_tensor input = makeTensor(&action, SLIM_I32, {}), output;
        slim_status status = slim_session_run(mine, Act, &input, &output);
        wrong[t] += status != (i % 2 ? SLIM_ERROR_RUNTIME : SLIM_OK);
        wrong[t] += !(i % 2) && *static_cast<float *>(output.data) != 0;
      }
      slim_session_destroy(mine);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

// The program is not linked with OpenMP; slim-run's tests have a model that is.
TEST_F(SessionTest, ThreadsWithoutOpenMP) {
  slim_session_set_num_threads(session, 3);
  EXPECT_EQ(act(CountThreads), SLIM_OK);
  EXPECT_EQ(result, 0);
}

TEST_F(SessionTest, NullArguments) {
  EXPECT_EQ(slim_session_create(nullptr), SLIM_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(slim_session_error(nullptr),
               "the pointer to the session is null");
  slim_session_destroy(nullptr);
  slim_session_set_num_threads(nullptr, 1);
}

TEST_F(SessionTest, MissingFeature) {
  EXPECT_EQ(slim_rt_missing_cpu_feature(0), nullptr);
  EXPECT_STREQ(slim_rt_missing_cpu_feature(UINT64_C(1) << 63),
               "an instruction set that its runtime cannot detect");
#if defined(__x86_64__)
  // The compiler's own detection is the oracle.
#define CHECK_FEATURE(ID, NAME)                                                \
  EXPECT_EQ(slim_rt_missing_cpu_feature(SLIM_CPU_X86_##ID) == nullptr,         \
            __builtin_cpu_supports(NAME) != 0)                                 \
      << NAME
  CHECK_FEATURE(AVX, "avx");
  CHECK_FEATURE(AVX2, "avx2");
  CHECK_FEATURE(FMA, "fma");
  CHECK_FEATURE(F16C, "f16c");
  CHECK_FEATURE(AVX512F, "avx512f");
  CHECK_FEATURE(AVX512BW, "avx512bw");
  CHECK_FEATURE(AVX512DQ, "avx512dq");
  CHECK_FEATURE(AVX512VL, "avx512vl");
  CHECK_FEATURE(AVX512VNNI, "avx512vnni");
  CHECK_FEATURE(AVX512BF16, "avx512bf16");
  CHECK_FEATURE(AVX512CD, "avx512cd");
  CHECK_FEATURE(AVX512VBMI, "avx512vbmi");
  CHECK_FEATURE(AVX512VBMI2, "avx512vbmi2");
  CHECK_FEATURE(AVX512IFMA, "avx512ifma");
  CHECK_FEATURE(AVX512BITALG, "avx512bitalg");
  CHECK_FEATURE(AVX512VPOPCNTDQ, "avx512vpopcntdq");
  CHECK_FEATURE(BMI, "bmi");
  CHECK_FEATURE(BMI2, "bmi2");
  CHECK_FEATURE(GFNI, "gfni");
  CHECK_FEATURE(POPCNT, "popcnt");
  CHECK_FEATURE(SSE42, "sse4.2");
#undef CHECK_FEATURE
#endif
}

} // namespace
