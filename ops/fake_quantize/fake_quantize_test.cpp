// What a fake quantization gives against int8 arithmetic in double, its straight-through gradient, and its range.
#include "ops/fake_quantize/fake_quantize.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "ops/op.h"
#include "toolchain/base/quant_params.h"

namespace mote {
namespace {

// One forward and backward on a row of numbers, each a channel.
class Row {
 public:
  Row(std::vector<float> x, std::array<float, 2> range, FakeQuantizeAttributes a, std::vector<float> unit = {})
      : attributes_(Attributes::of(a)), x_(std::move(x)), range_(range), unit_(std::move(unit)), y_(x_.size()) {
    const auto columns = static_cast<int32_t>(x_.size());
    shapes_ = {make_shape({1, columns}), make_shape({2}), make_shape({static_cast<int32_t>(unit_.size())})};
    inputs_ = {x_.data(), range_.data(), unit_.data()};
    if (unit_.empty()) shapes_.pop_back(), inputs_.pop_back();
    outputs_ = {y_.data()};
    ones_.assign(x_.size(), 1.0f);
    gradient.assign(x_.size(), NAN);
    output_gradients_ = {ones_.data()};
    input_gradients_ = {gradient.data(), nullptr, nullptr};
    input_gradients_.resize(inputs_.size());
    call.attributes = &attributes_;
    call.input_shapes = shapes_;
    call.output_shapes = std::span(shapes_).first(1);
    call.inputs = inputs_;
    call.outputs = outputs_;
    call.output_gradients = output_gradients_;
    call.input_gradients = input_gradients_;
    const OpDef& op = *find_op("fake_quantize");
    workspace_.resize(static_cast<size_t>(op.float_workspace(call)) + 1);
    saved_.resize(static_cast<size_t>(op.float_saved(call)));
    call.workspace = workspace_.data();
    call.saved = saved_.data();
    call.training = true;
    op.forward(call);
    op.backward(call);
  }
  const std::vector<float>& output() const { return y_; }
  // The range after a step that saw this row.
  std::array<float, 2> learned() {
    std::array<float*, 3> statistics = {nullptr, range_.data(), nullptr};
    find_op("fake_quantize")->learn_statistics(std::span(&call, 1), std::span(statistics).first(inputs_.size()));
    return range_;
  }
  std::vector<float> gradient;
  FloatCall call;

 private:
  Attributes attributes_;
  std::vector<float> x_;
  std::array<float, 2> range_;
  std::vector<float> unit_, y_, ones_, workspace_, saved_;
  std::vector<Shape> shapes_;
  std::vector<const float*> inputs_, output_gradients_;
  std::vector<float*> outputs_, input_gradients_;
};

FakeQuantizeAttributes rounding(FakeRounding kind) {
  FakeQuantizeAttributes a;
  a.rounding = static_cast<int32_t>(kind);
  return a;
}

TEST(FakeQuantize, GivesTheGridAndPassesTheGradientInsideIt) {
  // Scale 0.1, zero point -128: 0 to 25.5.
  const Row row({-0.04f, -0.06f, 0.0f, 0.149f, 0.151f, 25.5f, 25.54f, 25.6f, 1000.0f}, {0.0f, 25.5f}, {});
  const std::vector<float> expected = {0, 0, 0, 0.1f, 0.2f, 25.5f, 25.5f, 25.5f, 25.5f};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(row.output()[i], expected[i], 1e-5) << i;
  EXPECT_EQ(row.gradient, (std::vector<float>{1, 0, 1, 1, 1, 1, 1, 0, 0}));
}

// requantize() rounds twice: 63 of 128 accumulators are 31.5 of 64, which go to 32, and those to one step.
TEST(FakeQuantize, RoundsAccumulatorsAsKernelsDo) {
  const float unit = 0.1f / 128;
  const auto steps = [&](float accumulators) {
    return std::lround(
        Row({accumulators * unit}, {0.0f, 25.5f}, rounding(FakeRounding::accumulator), {unit}).output()[0] * 10);
  };
  EXPECT_EQ(steps(62), 0);
  EXPECT_EQ(steps(63), 1);
  EXPECT_EQ(steps(190), 1);
  EXPECT_EQ(steps(191), 2);
  // Ratio 3 / 8: 1.5 accumulators' worth, 4 of them, is rounded up to 2 first, which is a tie, up again.
  const float ratio = 0.1f * 3 / 8;
  const auto by_ratio = [&](float accumulators) {
    return std::lround(
        Row({accumulators * ratio}, {0.0f, 25.5f}, rounding(FakeRounding::accumulator), {ratio}).output()[0] * 10);
  };
  EXPECT_EQ(by_ratio(1), 1) << "3/8 of a step: 0.75 halves are 1 half, and that a whole";
  EXPECT_EQ(by_ratio(4), 2) << "1.5 steps";
}

TEST(FakeQuantize, ChannelsHaveTheirOwnUnits) {
  const std::vector<float> units = {0.01f, 0.05f, 0.0001f};
  const Row row({0.26f, 0.25f, 3.33333f}, {0.0f, 25.5f}, rounding(FakeRounding::accumulator), units);
  EXPECT_NEAR(row.output()[0], 0.3f, 1e-5);
  EXPECT_NEAR(row.output()[1], 0.3f, 1e-5);  // 5 x 0.05: a tie, away from zero
  EXPECT_NEAR(row.output()[2], 3.3f, 1e-5);
}

// An average of stored numbers -128 and -125 is -126.5 and becomes -127; of real numbers, 0.15 would become 0.2.
TEST(FakeQuantize, TiesOfAveragesGoAwayFromTheStoredZero) {
  const Row row({0.15f, 15.05f}, {0.0f, 25.5f}, rounding(FakeRounding::stored));
  EXPECT_NEAR(row.output()[0], 0.1f, 1e-5);
  EXPECT_NEAR(row.output()[1], 15.1f, 1e-5);  // 22.5 stored
}

TEST(FakeQuantize, RangesWidenByAShareOfWhatIsBeyond) {
  FakeQuantizeAttributes a;
  a.momentum = 0.75f;
  a.margin = 0.5f;
  a.least = -2;
  const std::array<float, 2> learned = Row({-3.0f, 4.0f}, {-1.0f, 2.0f}, a).learned();
  EXPECT_FLOAT_EQ(learned[0], -1.25f);  // towards -2
  EXPECT_FLOAT_EQ(learned[1], 3.0f);    // towards 4 and half as much again
  EXPECT_EQ(Row({0.1f}, {-1.0f, 2.0f}, a).learned(), (std::array{-1.0f, 2.0f}));
  a.momentum = 1;
  EXPECT_EQ(Row({-3.0f, 4.0f}, {-1.0f, 2.0f}, a).learned(), (std::array{-1.0f, 2.0f}));
}

}  // namespace
}  // namespace mote
