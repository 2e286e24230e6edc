// The gradient of a simulated LSTM against the float LSTM's, and what clips it. That forward gives the kernel's bytes
// is for tests/qat.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "ops/op.h"
#include "ops/time_major.h"
#include "ops/unidirectional_sequence_lstm/unidirectional_sequence_lstm.h"
#include "toolchain/base/random.h"

namespace mote {
namespace {

struct Sizes {
  int32_t batches, steps, inputs, units;
};

// An LSTM of random weights, its input, and the gradient of its output.
struct Problem {
  explicit Problem(Sizes s) : sizes(s) {
    attributes.activation = Activation::tanh;
    attributes.cell_clip = 8;
    x = numbers(s.batches * s.steps * s.inputs, 1.0f);
    for (int32_t gate = 0; gate < kLstmGates; ++gate) {
      constants[static_cast<size_t>(kLstmWeights + gate)] = numbers(s.units * s.inputs, 0.7f);
      constants[static_cast<size_t>(kLstmRecurrent + gate)] = numbers(s.units * s.units, 0.7f);
      constants[static_cast<size_t>(kLstmBiases + gate)] = numbers(s.units, 0.5f);
    }
    dy = numbers(s.batches * s.steps * s.units, 1.0f);
  }
  std::vector<float> numbers(int32_t count, float most) {
    std::vector<float> result(static_cast<size_t>(count));
    for (float& value : result) value = static_cast<float>(random.uniform(-double{most}, double{most}));
    return result;
  }

  Sizes sizes;
  int32_t spare_rows = 0;  // of the states
  UnidirectionalSequenceLstmAttributes attributes;
  Random random{7};
  std::vector<float> x, dy;
  std::array<std::vector<float>, kLstmInputs> constants;
  std::array<float, 2> input_range = {-1, 1}, output_range = {-1, 1};
};

struct Answer {
  std::vector<float> y;
  std::array<std::vector<float>, kLstmInputs> gradients;
};

// A step of training, forward and backward, of the LSTM or of what simulates it.
Answer train(const Problem& problem, const char* name) {
  const OpDef& op = *find_op(name);
  const auto [batches, steps, inputs, units] = problem.sizes;
  const bool simulated = op.straight_through, time_major = problem.attributes.time_major;
  const size_t count = kLstmInputs + (simulated ? 2 : 0);
  std::vector<Shape> shapes(count, Shape{-1, {}});
  std::vector<const float*> values(count);
  std::vector<float*> gradients(count);
  Answer answer;
  const auto outer = [&](int32_t last) {
    return time_major ? make_shape({steps, batches, last}) : make_shape({batches, steps, last});
  };
  shapes[0] = outer(inputs), values[0] = problem.x.data();
  for (size_t i = 0; i < kLstmInputs; ++i) {
    const auto number = static_cast<int32_t>(i);
    if (i > 0 && !is_lstm_input(number)) continue;
    if (number == kLstmHidden || number == kLstmCell)
      shapes[i] = make_shape({batches + problem.spare_rows, units});
    else if (i > 0)
      shapes[i] = number >= kLstmBiases      ? make_shape({units})
                  : number >= kLstmRecurrent ? make_shape({units, units})
                                             : make_shape({units, inputs});
    if (i > 0) values[i] = problem.constants[i].data();
    answer.gradients[i].assign(i == 0 ? problem.x.size() : problem.constants[i].size(), NAN);
    gradients[i] = answer.gradients[i].empty() ? nullptr : answer.gradients[i].data();
  }
  if (simulated) {
    shapes[kLstmInputs] = shapes[kLstmInputs + 1] = make_shape({2});
    values[kLstmInputs] = problem.input_range.data(), values[kLstmInputs + 1] = problem.output_range.data();
  }
  const Attributes attributes = Attributes::of(problem.attributes);
  const std::array output_shapes = {outer(units)};
  answer.y.assign(problem.dy.size(), NAN);
  const std::array<float*, 1> outputs = {answer.y.data()};
  const std::array<const float*, 1> output_gradients = {problem.dy.data()};
  FloatCall call;
  call.attributes = &attributes;
  call.input_shapes = shapes, call.output_shapes = output_shapes;
  call.inputs = values, call.outputs = outputs;
  call.output_gradients = output_gradients, call.input_gradients = gradients;
  std::vector<float> workspace(static_cast<size_t>(op.float_workspace(call)), NAN);
  std::vector<float> saved(static_cast<size_t>(op.float_saved(call)), NAN);
  call.workspace = workspace.data(), call.saved = saved.data();
  call.training = true;
  op.forward(call);
  std::ranges::fill(workspace, NAN);  // which others use in between
  op.backward(call);
  return answer;
}

Answer simulate(const Problem& problem) {
  return train(problem, "fake_quantize_lstm");
}

double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float value : values) most = std::max(most, std::fabs(double{value}));
  return most;
}

TEST(FakeQuantizeLstm, OutputsAndGradientsAreThoseOfTheFloatLstmButForSteps) {
  for (const Sizes& sizes : {Sizes{3, 6, 5, 4}, Sizes{1, 1, 1, 1}, Sizes{2, 20, 3, 17}}) {
    const Problem problem(sizes);
    const Answer expected = train(problem, "unidirectional_sequence_lstm"), found = simulate(problem);
    for (size_t i = 0; i < expected.y.size(); ++i) EXPECT_NEAR(found.y[i], expected.y[i], 0.02) << i;
    for (size_t input = 0; input < expected.gradients.size(); ++input) {
      const double most = largest(expected.gradients[input]);
      for (size_t i = 0; i < expected.gradients[input].size(); ++i)
        EXPECT_NEAR(found.gradients[input][i], expected.gradients[input][i], 0.03 * most + 1e-4)
            << "input " << input << ", element " << i;
    }
  }
}

TEST(FakeQuantizeLstm, GivesValuesOfTheGridBeforeTheyAreClamped) {
  Problem problem({2, 8, 3, 5});
  problem.output_range = {0, 0.1f};
  const float step = 0.1f / 255;
  const std::vector<float> y = simulate(problem).y;
  for (const float value : y) EXPECT_NEAR(value / step, std::round(value / step), 1e-3);
  EXPECT_LT(std::ranges::min(y), 0) << "beyond the range, which learns from that";
  EXPECT_GT(std::ranges::max(y), 0.1f);
}

// One step of one unit, whose hidden value is about 0.5.
TEST(FakeQuantizeLstm, ClippedValuesHaveNoGradient) {
  Problem problem({1, 1, 1, 1});
  problem.x = {1}, problem.dy = {1};
  for (int32_t gate = 0; gate < kLstmGates; ++gate) {
    problem.constants[static_cast<size_t>(kLstmWeights + gate)] = {1};
    problem.constants[static_cast<size_t>(kLstmBiases + gate)] = {0.5f};
  }
  const auto gradient = [&] { return simulate(problem).gradients[kLstmWeights + kCellGate][0]; };
  EXPECT_GT(gradient(), 0.01f);
  problem.output_range = {0, 0.25f};
  EXPECT_EQ(gradient(), 0) << "the hidden value";
  problem.output_range = {-1, 1};
  problem.attributes.cell_clip = 0.125f;
  EXPECT_EQ(gradient(), 0) << "the cell";
}

TEST(FakeQuantizeLstm, TimeMajorIsTheSameInAnotherOrder) {
  Problem problem({3, 4, 2, 5});
  const Answer expected = simulate(problem);
  const auto [batches, steps, inputs, units] = problem.sizes;
  const auto swap = [](int32_t outer, int32_t inner, int32_t length, std::vector<float>& values) {
    const std::vector<float> before = values;
    swap_outer(outer, inner, length, before.data(), values.data());
  };
  problem.attributes.time_major = true;
  swap(batches, steps, inputs, problem.x);
  swap(batches, steps, units, problem.dy);
  Answer found = simulate(problem);
  swap(steps, batches, units, found.y);
  swap(steps, batches, inputs, found.gradients[0]);
  EXPECT_EQ(found.y, expected.y);
  EXPECT_EQ(found.gradients, expected.gradients);
}

// The last batch of an epoch has fewer rows than memory was planned for.
TEST(FakeQuantizeLstm, StatesMayHaveRoomForMoreRows) {
  Problem problem({3, 4, 2, 5});
  const Answer expected = simulate(problem);
  problem.spare_rows = 2;
  const Answer found = simulate(problem);
  EXPECT_EQ(found.y, expected.y);
  EXPECT_EQ(found.gradients, expected.gradients);
}

// Export refuses such weights by name.
TEST(FakeQuantizeLstm, WeightsThatAreNoNumbersGiveNone) {
  for (const float value : {NAN, INFINITY}) {
    Problem problem({1, 2, 2, 2});
    problem.constants[kLstmRecurrent][0] = value;
    for (const float y : simulate(problem).y) EXPECT_TRUE(std::isnan(y));
  }
}

}  // namespace
}  // namespace mote
