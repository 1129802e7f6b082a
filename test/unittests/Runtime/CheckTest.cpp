//===- CheckTest.cpp - Inputs that the entry point does not declare -------===//

#include "FakeModel.h"

#include <functional>

using namespace slim::test;

namespace {

class CheckTest : public SessionTest {
protected:
  /// The error of a run of "main" whose valid inputs `change` has changed.
  std::string errorOf(std::function<void(slim_tensor *)> change) {
    int64_t ids[6] = {}, mask[6] = {};
    float scale[5] = {};
    slim_tensor inputs[] = {makeTensor(ids, SLIM_I64, {2, 3}),
                            makeTensor(mask, SLIM_I64, {2, 3}),
                            makeTensor(scale, SLIM_F32, {4})};
    slim_tensor outputs[2];
    change(inputs);
    slim_status status = slim_session_run(session, Main, inputs, outputs);
    EXPECT_EQ(status == SLIM_OK, slim_session_error(session)[0] == '\0');
    if (status != SLIM_OK) {
      EXPECT_EQ(status, SLIM_ERROR_INVALID_ARGUMENT);
      EXPECT_EQ(outputs[0].data, nullptr);
      EXPECT_EQ(outputs[1].data, nullptr);
    }
    return slim_session_error(session);
  }
};

TEST_F(CheckTest, Valid) {
  EXPECT_EQ(errorOf([](slim_tensor *) {}), "");
}

TEST_F(CheckTest, Type) {
  EXPECT_EQ(errorOf([](slim_tensor *in) { in[0].type = SLIM_I32; }),
            "input 'input_ids': type is i32 (6) but the model expects i64 (7)");
  EXPECT_EQ(
      errorOf([](slim_tensor *in) { in[2].type = 99; }),
      "input 'scale': type is no slim_type (99) but the model expects f32 (0)");
  EXPECT_EQ(
      errorOf([](slim_tensor *in) { in[2].type = -1; }),
      "input 'scale': type is no slim_type (-1) but the model expects f32 (0)");
}

TEST_F(CheckTest, Rank) {
  EXPECT_EQ(errorOf([](slim_tensor *in) { in[1].rank = 3; }),
            "input 'attention_mask': rank is 3 but the model expects 2");
  EXPECT_EQ(errorOf([](slim_tensor *in) { in[1].rank = -1; }),
            "input 'attention_mask': rank is -1 but the model expects 2");
}

TEST_F(CheckTest, FixedExtent) {
  EXPECT_EQ(errorOf([](slim_tensor *in) { in[2].shape[0] = 5; }),
            "input 'scale': dimension 0 is 5 but the model expects 4");
}

TEST_F(CheckTest, EqualNamesAcrossInputs) {
  EXPECT_EQ(errorOf([](slim_tensor *in) { in[1].shape[1] = 2; }),
            "input 'attention_mask': dimension 1 ('seq') is 2 but input "
            "'input_ids' has 3");
}

TEST_F(CheckTest, EqualNamesWithinAnInput) {
  uint8_t data[24] = {};
  slim_tensor input = makeTensor(data, SLIM_U8, {3, 4, 2}), output;
  EXPECT_EQ(slim_session_run(session, Pick, &input, &output),
            SLIM_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(slim_session_error(session),
               "input 'square': dimension 1 ('side') is 4 but dimension 0 "
               "('side') has 3");
  input = makeTensor(data, SLIM_U8, {3, 3, 1});
  EXPECT_EQ(slim_session_run(session, Pick, &input, &output),
            SLIM_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(
      slim_session_error(session),
      "input 'square': dimension 2 ('pair') is 1 but the model expects "
      "2");
}

TEST_F(CheckTest, NegativeAndAbsurdExtents) {
  EXPECT_EQ(errorOf([](slim_tensor *in) { in[0].shape[1] = -1; }),
            "input 'input_ids': dimension 1 ('seq') is negative (-1)");
  EXPECT_EQ(errorOf([](slim_tensor *in) {
              in[0].shape[0] = INT64_C(1) << 40;
              in[0].shape[1] = INT64_C(1) << 40;
            }),
            "input 'input_ids': the shape has more bytes than memory can "
            "address");
}

TEST_F(CheckTest, Data) {
  EXPECT_EQ(errorOf([](slim_tensor *in) { in[1].data = nullptr; }),
            "input 'attention_mask': data is null");
  EXPECT_EQ(errorOf([](slim_tensor *in) {
              in[2].data = static_cast<char *>(in[2].data) + 2;
            }),
            "input 'scale': data is not aligned to 4 bytes, the size of f32");
}

TEST_F(CheckTest, EmptyTensorsNeedNoData) {
  EXPECT_EQ(errorOf([](slim_tensor *in) {
              in[0] = makeTensor(nullptr, SLIM_I64, {0, 7});
              in[1] = makeTensor(nullptr, SLIM_I64, {0, 7});
            }),
            "");
}

TEST_F(CheckTest, ArgumentsOfRun) {
  slim_tensor tensor = {};
  EXPECT_EQ(slim_session_run(session, 5, &tensor, &tensor),
            SLIM_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(slim_session_error(session),
               "there is no entry point 5, the model has 5 of them");
  EXPECT_EQ(slim_session_run(session, -1, &tensor, &tensor),
            SLIM_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(slim_session_run(session, Main, nullptr, &tensor),
            SLIM_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(slim_session_error(session),
               "the array of inputs is null, entry point 'main' has 3");
  EXPECT_EQ(slim_session_run(session, Main, &tensor, nullptr),
            SLIM_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(slim_session_error(session),
               "the array of outputs is null, entry point 'main' has 2");
  EXPECT_EQ(slim_session_run(nullptr, Main, &tensor, &tensor),
            SLIM_ERROR_INVALID_ARGUMENT);
  EXPECT_STREQ(slim_session_error(nullptr), "the session is null");
}

} // namespace
