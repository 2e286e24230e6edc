// What the harness cannot know of LSTMs: multiply-accumulates, the table of the logistic function, and what is refused.
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ops/op.h"

namespace mote {
namespace {

const OpDef& lstm() {
  return *find_op("unidirectional_sequence_lstm");
}

TEST(Lstm, CountsFourGatesAndThreeProductsOfEveryUnit) {
  const OpCase item = lstm().cases()[1];  // 7 steps, 5 inputs, 4 units
  EXPECT_EQ(lstm().cost(item.attributes, item.inputs, {}).macs, 7 * 4 * (4 * (5 + 4) + 3));
}

TEST(Lstm, ItsTableIsWithinTwoStepsOfTheFunctions) {
  for (int32_t x = -32768; x <= 32767; ++x) {
    EXPECT_NEAR(logistic_q15(3 * x), 32768 / (1 + std::exp(-x / 4096.0)), 2) << x;
    EXPECT_NEAR(tanh_q15(3 * x), std::min(32768 * std::tanh(x / 4096.0), 32767.0), 4) << x;
  }
}

TEST(Lstm, TheCellsScaleIsAPowerOfTwo) {
  const auto cell = [](float scale, float clip, LstmInt8& p) {
    const TensorInfo info{DType::int16, true, {}, nullptr, {&scale, 1, 0, 0}};
    return lstm_cell_setup(info, clip, p);
  };
  LstmInt8 p{};
  EXPECT_FALSE(cell(0.0005f, 0, p));
  EXPECT_FALSE(cell(8.0f, 0, p));
  ASSERT_TRUE(cell(1.0f / 2048, 0.3f, p));
  EXPECT_EQ(p.cell_factor, 6);
  EXPECT_EQ(p.cell_shift, 0);
  EXPECT_EQ(p.clip, 614) << "towards zero";
  ASSERT_TRUE(cell(1.0f / 32768, 10, p));
  EXPECT_EQ(p.cell_factor, 3);
  EXPECT_EQ(p.cell_shift, 3);
  EXPECT_EQ(p.clip, 32767);
  ASSERT_TRUE(cell(4.0f, 1e-9f, p));
  EXPECT_EQ(p.clip, 0);
}

TEST(Lstm, SaysWhatItLacks) {
  const OpCase item = lstm().cases()[1];
  const auto answer = [&](const auto& spoil) {
    std::vector<TensorType> inputs;
    for (const Shape& shape : item.inputs) inputs.push_back({DType::float32, shape, {}});
    auto attributes = item.attributes.as<UnidirectionalSequenceLstmAttributes>();
    spoil(inputs, attributes);
    const auto shapes = lstm().infer(Attributes::of(attributes), inputs);
    return shapes.ok() ? "accepted" : shapes.error().message;
  };
  using testing::HasSubstr;
  EXPECT_EQ(answer([](auto&, auto&) {}), "accepted");
  EXPECT_EQ(answer([](auto& inputs, auto&) { inputs.resize(20); }), "accepted") << "files of older converters";
  EXPECT_THAT(answer([](auto& inputs, auto&) { inputs.resize(19); }), HasSubstr("it has 19 inputs, expected 24"));
  EXPECT_THAT(answer([](auto& inputs, auto&) { inputs[9].shape = make_shape({4}); }), HasSubstr("peepholes"));
  EXPECT_THAT(answer([](auto& inputs, auto&) { inputs[1].shape.rank = -1; }), HasSubstr("all four gates"));
  EXPECT_THAT(answer([](auto&, auto& a) { a.activation = Activation::relu; }), HasSubstr("is not tanh"));
  EXPECT_THAT(answer([](auto&, auto& a) { a.proj_clip = 1; }), HasSubstr("clips a projection"));
  EXPECT_THAT(answer([](auto&, auto& a) { a.diagonal_recurrent_tensors = true; }), HasSubstr("diagonals"));
  EXPECT_THAT(answer([](auto& inputs, auto&) { inputs[6].shape.dims[1]++; }), HasSubstr("do not belong together"));
  EXPECT_THAT(answer([](auto& inputs, auto&) { inputs[19].dtype = DType::int16; }),
              HasSubstr("the cell state (input 19) is int16; mote runs float32"));
}

}  // namespace
}  // namespace mote
