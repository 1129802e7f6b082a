//===- FakeModel.h - Access to test/Inputs/fake_model.c ---------*- C++ -*-===//
#ifndef SLIM_TEST_UNITTESTS_RUNTIME_FAKEMODEL_H
#define SLIM_TEST_UNITTESTS_RUNTIME_FAKEMODEL_H

#include "slim/Runtime/Model.h"

#include "gtest/gtest.h"

#include <initializer_list>
#include <vector>

namespace slim::test {

enum Entry { Main, Append, Types, Act, Pick };

enum Action {
  Fail = 1,
  NegativeAllocation,
  AbsurdAllocation,
  OddAllocations,
  Leak,
  CountThreads,
  Megabyte,
};

inline slim_tensor makeTensor(void *data, slim_type type,
                              std::initializer_list<int64_t> shape) {
  slim_tensor tensor = {data, type, static_cast<int32_t>(shape.size()), {}};
  std::copy(shape.begin(), shape.end(), tensor.shape);
  return tensor;
}

/// A test with a session.
class SessionTest : public ::testing::Test {
protected:
  void SetUp() override { ASSERT_EQ(slim_session_create(&session), SLIM_OK); }
  void TearDown() override { slim_session_destroy(session); }

  /// Runs the entry point "act". `result` is what it returned.
  slim_status act(int32_t action) {
    slim_tensor input = makeTensor(&action, SLIM_I32, {}), output;
    slim_status status = slim_session_run(session, Act, &input, &output);
    if (status == SLIM_OK)
      result = *static_cast<float *>(output.data);
    else
      EXPECT_EQ(output.data, nullptr);
    return status;
  }

  slim_session *session = nullptr;
  float result = -1;
};

} // namespace slim::test

#endif // SLIM_TEST_UNITTESTS_RUNTIME_FAKEMODEL_H
