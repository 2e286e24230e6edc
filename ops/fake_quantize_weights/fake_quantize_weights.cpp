// The same scales and roundings as quantize/quantize.cpp gives the weights of the exported model.
#include "ops/fake_quantize_weights/fake_quantize_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/op_families.h"
#include "toolchain/base/quant_params.h"

namespace mote {

namespace {
namespace fake_quantize_weights_op {

// The range is that of the activation which the weights multiply. Gain and offset, one for each channel, map the
// layer's output to what it is in the deployed model: weights and bias are quantized as they are there.
enum Input { kWeights, kBias, kRange, kGain, kOffset, kInputs };
// The unit of each channel's accumulators; no third output without a bias.
enum Output { kWeightsOut, kUnitOut, kBiasOut };

bool has(const FloatCall& call, size_t input) {
  return call.inputs.size() > input && call.inputs[input] != nullptr;
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  constexpr const char* kNames[] = {"weights", "bias", "range", "gain", "offset"};
  if (inputs.size() <= kRange || inputs.size() > kInputs)
    return input_error(
        fmt::format("it has {} inputs; expected weights, a bias or none, a range, and perhaps a gain and "
                    "an offset",
                    inputs.size()));
  const auto given = [&](size_t i) { return i < inputs.size() && inputs[i].shape.rank >= 0; };
  for (size_t i = 0; i < inputs.size(); ++i)
    if (given(i)) MOTE_CHECK(expect_type(inputs, i, kNames[i], {DType::float32}));
  const int32_t axis = attributes.as<FakeQuantizeWeightsAttributes>().axis;
  const Shape& weights = inputs[kWeights].shape;
  if (axis < 0 || axis >= weights.rank)
    return input_error(fmt::format("its channels are dimension {} of weights {}", axis, to_string(weights)));
  if (inputs[kRange].shape != make_shape({2}))
    return input_error(
        fmt::format("the range has shape {}; expected two numbers, low and high", to_string(inputs[kRange].shape)));
  for (size_t i : {size_t{kBias}, size_t{kGain}, size_t{kOffset}})
    if (given(i) && inputs[i].shape != make_shape({weights[axis]}))
      return input_error(fmt::format("the {} has shape {}; expected one number for each of {} channels", kNames[i],
                                     to_string(inputs[i].shape), weights[axis]));
  std::vector<Shape> outputs = {weights, make_shape({weights[axis]})};
  if (given(kBias)) outputs.push_back(inputs[kBias].shape);
  return outputs;
}

// Weights and bias as in the deployed model (with a gain), and the scales.
int64_t workspace_floats(const FloatCall& call) {
  const int64_t channels = call.output_shapes[kUnitOut].elements();
  return (has(call, kGain) ? call.input_shapes[kWeights].elements() + channels : 0) + channels;
}

void forward(const FloatCall& call) {
  const auto a = call.attributes->as<FakeQuantizeWeightsAttributes>();
  const ChannelLayout layout(call.input_shapes[kWeights], a.axis);
  const auto channels = static_cast<size_t>(layout.channels);
  const auto elements = static_cast<size_t>(call.input_shapes[kWeights].elements());
  const float *weights = call.inputs[kWeights], *bias = has(call, kBias) ? call.inputs[kBias] : nullptr;
  const float *const gain = has(call, kGain) ? call.inputs[kGain] : nullptr, *const offset =
                                                                                 gain ? call.inputs[kOffset] : nullptr;
  float* scales = call.workspace;
  if (gain) {
    float *const deployed = scales + channels, *const deployed_bias = deployed + elements;
    for (size_t i = 0; i < elements; ++i) deployed[i] = weights[i] * gain[layout.channel_of(static_cast<int64_t>(i))];
    for (size_t c = 0; bias && c < channels; ++c) deployed_bias[c] = bias[c] * gain[c] + offset[c];
    weights = deployed;
    if (bias) bias = deployed_bias;
  }
  const float input_scale = asymmetric_int8(call.inputs[kRange][0], call.inputs[kRange][1]).scale;
  const size_t count = a.per_channel ? channels : 1;
  weight_scales({weights, elements}, layout, {bias, bias ? channels : 0}, input_scale, {scales, count});
  float* y = call.outputs[kWeightsOut];
  for (int64_t outer = 0; outer < layout.outer; ++outer)
    for (size_t c = 0; c < channels; ++c) {
      const float scale = scales[count == 1 ? 0 : c], back = gain ? gain[c] : 1.0f;
      for (int64_t i = 0; i < layout.inner; ++i)
        *y++ = static_cast<float>(round_weight(double{*weights++}, double{scale})) * scale / back;
    }
  for (size_t c = 0; c < channels; ++c) {
    const float unit = call.outputs[kUnitOut][c] = input_scale * scales[count == 1 ? 0 : c];
    if (!bias) continue;
    const auto rounded = static_cast<float>(std::round(bias[c] / double{unit}) * double{unit});
    call.outputs[kBiasOut][c] = gain ? (rounded - offset[c]) / gain[c] : rounded;
  }
}

void backward(const FloatCall& call) {
  const auto copy = [&](size_t input, size_t output) {
    if (call.input_gradients[input] != nullptr)
      std::copy_n(call.output_gradients[output], call.input_shapes[input].elements(), call.input_gradients[input]);
  };
  copy(kWeights, kWeightsOut);
  if (has(call, kBias)) copy(kBias, kBiasOut);
  for (size_t i = kRange; i < call.input_gradients.size(); ++i)
    if (call.input_gradients[i] != nullptr) std::fill_n(call.input_gradients[i], call.input_shapes[i].elements(), 0.0f);
}

OpCase make_case(const char* name, Shape weights, int32_t axis, bool per_channel) {
  const Shape channels = make_shape({weights[axis]});
  OpCase result = case_of(name, {weights, channels, make_shape({2})}, 3, -1, 1);
  result.attributes = Attributes::of(FakeQuantizeWeightsAttributes{axis, per_channel});
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("dense", make_shape({4, 7}), 0, false), make_case("filters", make_shape({4, 3, 3, 2}), 0, true),
          make_case("depthwise", make_shape({1, 3, 3, 5}), 3, true)};
}

OpCase random_case(Random& random) {
  OpCase result = make_case("random", make_shape({random_dim(random), random_dim(random)}), 0, random.below(2) == 0);
  result.seed = static_cast<uint32_t>(random.bits());
  return result;
}

constexpr OpDef kDef = {
    .name = "fake_quantize_weights",
    .tflite_name = "FAKE_QUANTIZE_WEIGHTS",
    .tflite_code = kTrainingOnly,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<FakeQuantizeWeightsAttributes>,
    .visit = visit_attributes<FakeQuantizeWeightsAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = workspace_floats,
    .quant = {{InputRole::weights, InputRole::bias, InputRole::number, InputRole::number, InputRole::number},
              0,
              OutputRule::free,
              0,
              0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = nullptr,
    .kernels = {},
    .emit = nullptr,
    .cases = cases,
    .random_case = random_case,
    .straight_through = true,
};

}  // namespace fake_quantize_weights_op
}  // namespace

extern const OpDef fake_quantize_weights_def;
const OpDef fake_quantize_weights_def = fake_quantize_weights_op::kDef;

}  // namespace mote
