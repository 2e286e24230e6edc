// Srivastava et al. 2014, scaled while training ("inverted").
#include "ops/dropout/dropout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/op_families.h"

namespace mote {

namespace {
namespace dropout_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_TRY(const auto shapes, infer_float_elementwise(attributes, inputs));
  const float rate = attributes.as<DropoutAttributes>().rate;
  if (!(rate >= 0 && rate < 1))
    return input_error(fmt::format("the rate is {:g}; expected a number of at least 0 and below 1", rate));
  return shapes;
}

// saved: the factor of every element.
int64_t saved_floats(const FloatCall& call) {
  return call.input_shapes[0].elements();
}

void forward(const FloatCall& call) {
  const int64_t n = call.input_shapes[0].elements();
  const float *const x = call.inputs[0], rate = call.attributes->as<DropoutAttributes>().rate;
  if (!call.training) {
    std::copy_n(x, n, call.outputs[0]);
    return;
  }
  // Four draws of 16 bits from each number.
  const auto dropped = static_cast<uint64_t>(std::lround(rate * 65536));
  const float scale = 1.0f / (1.0f - rate);
  Random random(call.seed);
  uint64_t bits = 0;
  for (int64_t i = 0; i < n; ++i, bits >>= 16) {
    if (i % 4 == 0) bits = random.bits();
    call.saved[i] = (bits & 0xFFFF) < dropped ? 0.0f : scale;
  }
  for (int64_t i = 0; i < n; ++i) call.outputs[0][i] = x[i] * call.saved[i];
}

void backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  const float* const dy = call.output_gradients[0];
  for (int64_t i = 0; i < call.input_shapes[0].elements(); ++i) dx[i] = call.training ? dy[i] * call.saved[i] : dy[i];
}

OpCase with_rate(OpCase each, float rate) {
  each.attributes = Attributes::of(DropoutAttributes{rate});
  return each;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = unary_cases(Attributes::of(DropoutAttributes{0.5f}), -1, 1);
  all.push_back(with_rate(case_of("none", {make_shape({3, 7})}, 4, -1, 1), 0.0f));
  all.push_back(with_rate(case_of("most", {make_shape({3, 70})}, 5, -1, 1), 0.9f));
  return all;
}

OpCase random_case(Random& random) {
  const auto rate = static_cast<float>(random.uniform(0, 0.9));
  return unary_random_case(random, Attributes::of(DropoutAttributes{rate}), -1, 1);
}

constexpr OpDef kDef = {
    .name = "dropout",
    .tflite_name = "DROPOUT",
    .tflite_code = kTrainingOnly,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<DropoutAttributes>,
    .visit = visit_attributes<DropoutAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = nullptr,
    .kernels = {},
    .emit = nullptr,
    .cases = cases,
    .random_case = random_case,
    .float_saved = saved_floats,
};

}  // namespace dropout_op
}  // namespace

extern const OpDef dropout_def;
const OpDef dropout_def = dropout_op::kDef;

}  // namespace mote
