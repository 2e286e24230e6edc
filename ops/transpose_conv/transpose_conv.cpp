#include "ops/transpose_conv/transpose_conv.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace transpose_conv_op {

// TFLite's versioning: 1 float, 2 int8, 3 with a bias, 4 with an activation.
int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs, std::span<const TensorType>) {
  if (attributes.as<TransposeConvAttributes>().activation != Activation::none) return 4;
  if (inputs.size() == 4 && inputs[3].shape.rank >= 0) return 3;
  return inputs[1].dtype == DType::int8 ? 2 : 1;
}

Result<void> read_shape(Attributes& attributes, std::span<const TensorType> inputs,
                        std::span<const std::span<const uint8_t>> constants) {
  if (inputs.size() < 3 || inputs[0].shape.rank < 0) return {};  // infer says what is wrong
  MOTE_TRY(const std::vector<int32_t> shape, constant_operand(inputs, constants, 0));
  auto taken = attributes.as<TransposeConvAttributes>();
  if (inputs[2].shape.rank != 4 || shape.size() != 4 || shape[0] != inputs[2].shape[0])
    return broken_rule(inputs[2],
                       "[batch, height, width, channels], and the same batch in the output's shape (input 0)");
  taken.height = shape[1];
  taken.width = shape[2];
  attributes = Attributes::of(taken);
  return {};
}

Result<void> expect_types(std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 3, 4));
  MOTE_CHECK(expect_type(inputs, 0, "output's shape", {DType::int32}));
  MOTE_CHECK(expect_type(inputs, 2, "input", {DType::float32, DType::int8}));
  MOTE_CHECK(expect_type(inputs, 1, "weights", {inputs[2].dtype}));
  if (inputs.size() == 4 && inputs[3].shape.rank >= 0)
    MOTE_CHECK(expect_type(inputs, 3, "bias", {inputs[2].dtype == DType::int8 ? DType::int32 : DType::float32}));
  return {};
}

// Output shape, weights [O, KH, KW, I], x [B, H, W, I], optional bias [O] -> [B, OH, OW, O].
Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  const auto a = attributes.as<TransposeConvAttributes>();
  MOTE_CHECK(expect_types(inputs));
  MOTE_CHECK(expect_clamping(a.activation));
  TransposeConvGeometry g{};
  if (!transpose_conv_geometry(a, inputs[2].shape, inputs[1].shape, g))
    return input_error(fmt::format(
        "an output of height {} and width {} does not go with an input of shape {}, weights of shape {}, "
        "strides {} and {} and padding {}; expected weights [outputs, height, width, channels of the "
        "input] and a size that a convolution with this window takes to the input's",
        a.height, a.width, to_string(inputs[2].shape), to_string(inputs[1].shape), a.stride_h, a.stride_w, a.padding));
  if (inputs.size() == 4 && inputs[3].shape.rank >= 0 && inputs[3].shape.elements() != g.outputs)
    return input_error(fmt::format("the bias has shape {}, expected one number for each of the {} outputs",
                                   to_string(inputs[3].shape), g.outputs));
  return std::vector{transpose_conv_output(g)};
}

OpCost cost(const Attributes& attributes, std::span<const Shape> inputs, std::span<const Shape>) {
  TransposeConvGeometry g{};
  transpose_conv_geometry(attributes.as<TransposeConvAttributes>(), inputs[2], inputs[1], g);
  return {transpose_conv_macs(g), 0};
}

ConvolutionTensors tensors_of(std::span<const TensorType> inputs, const TensorType& output) {
  ConvolutionTensors tensors;
  tensors.input = tensor_info(inputs[2]);
  tensors.weights = tensor_info(inputs[1]);
  tensors.output = tensor_info(output);
  tensors.has_bias = inputs.size() == 4 && inputs[3].shape.rank >= 0;
  if (tensors.has_bias) tensors.bias = tensor_info(inputs[3]);
  return tensors;
}

TransposeConvFloat32 float_parameters(const FloatCall& call) {
  const auto a = call.attributes->as<TransposeConvAttributes>();
  const FloatRange range = float_activation_range(a.activation);
  TransposeConvFloat32 p{};
  transpose_conv_geometry(a, call.input_shapes[2], call.input_shapes[1], p.g);
  p.low = range.low;
  p.high = range.high;
  return p;
}

const float* bias_of(const FloatCall& call) {
  return call.inputs.size() == 4 ? call.inputs[3] : nullptr;
}

void forward(const FloatCall& call) {
  transpose_conv_run(float_parameters(call), call.inputs[2], call.inputs[1], bias_of(call), call.outputs[0]);
}

void backward(const FloatCall& call) {
  const TransposeConvFloat32 p = float_parameters(call);
  const TransposeConvGeometry& g = p.g;
  float *const dw = call.input_gradients[1], *dx = call.input_gradients[2];
  float* const db = call.inputs.size() == 4 ? call.input_gradients[3] : nullptr;
  const int32_t image = g.y.output * g.x.output * g.inputs, row = g.y.filter * g.x.filter * g.inputs;
  if (dw != nullptr) std::fill_n(dw, g.outputs * row, 0.0f);
  if (dx != nullptr) std::fill_n(dx, g.batches * image, 0.0f);
  if (db != nullptr) std::fill_n(db, g.outputs, 0.0f);
  const float *x = call.inputs[2], *const w = call.inputs[1], *y = call.outputs[0], *dy = call.output_gradients[0];
  for (int32_t place = 0; place < g.batches * g.pixels(); ++place)
    for (int32_t o = 0; o < g.outputs; ++o, ++y, ++dy) {
      if (*y <= p.low || *y >= p.high) continue;
      if (db != nullptr) db[o] += *dy;
      const int32_t of_image = place / g.pixels() * image, pixel = place % g.pixels();
      for_each_contribution(g, TransposeConvPlaces(g, pixel / g.x.input, pixel % g.x.input),
                            [&](int32_t from, int32_t tap) {
                              for (int32_t i = 0; i < g.inputs; ++i) {
                                if (dw != nullptr) dw[o * row + tap + i] += *dy * x[of_image + from + i];
                                if (dx != nullptr) dx[of_image + from + i] += *dy * w[o * row + tap + i];
                              }
                            });
    }
}

std::string cpp_geometry(const TransposeConvGeometry& g) {
  return fmt::format("{{{}, {}, {}, {}, {}}}", cpp_axis(g.y), cpp_axis(g.x), g.batches, g.inputs, g.outputs);
}

Result<std::string> emit(const EmitCall& call) {
  const auto a = call.attributes->as<TransposeConvAttributes>();
  const ConvolutionTensors tensors = tensors_of(call.input_types, call.output_types[0]);
  const std::string bias = tensors.has_bias ? call.inputs[3] : "nullptr";
  if (tensors.input.type == DType::float32) {
    TransposeConvFloat32 p{};
    if (const Status status = transpose_conv_setup(a, tensors, p); status != Status::ok) return refused(status);
    return fmt::format(
        "  static constexpr TransposeConvFloat32 p = {{{}, {}, {}}};\n  transpose_conv_run(p, {}, {}, {}, {});\n",
        cpp_geometry(p.g), cpp_float(p.low), cpp_float(p.high), call.inputs[2], call.inputs[1], bias, call.outputs[0]);
  }
  TransposeConvInt8 p{};
  if (const Status status = transpose_conv_setup(a, tensors, p); status != Status::ok) return refused(status);
  return fmt::format(
      "{}  static constexpr TransposeConvInt8 p = {{{}, {}, {}}};\n"
      "  transpose_conv_run(p, scales, {}, {}, {}, {});\n",
      cpp_live_channels(call.input_types[2], call.input_types[1], call.output_types[0], p.g.outputs), cpp_geometry(p.g),
      p.input_offset, cpp_output(p.output), call.inputs[2], call.inputs[1], bias, call.outputs[0]);
}

// `weights`: outputs, height, width, channels. The output of VALID is the least that the windows fill.
OpCase make_case(const char* name, TransposeConvAttributes a, Shape input, Shape weights, bool has_bias,
                 int32_t more = 0) {
  const bool same = a.padding == static_cast<int8_t>(Padding::same);
  const auto size = [&](int32_t places, int32_t filter, int32_t stride) {
    return same ? places * stride - more : (places - 1) * stride + filter + more;
  };
  OpCase result = case_of(name, {make_shape({4}), weights, input}, 1, -1, 1);
  result.constants = {
      {input[0], size(input[1], weights[1], a.stride_h), size(input[2], weights[2], a.stride_w), weights[0]}};
  if (has_bias) result.inputs.push_back(make_shape({weights[0]}));
  result.attributes = Attributes::of(a);
  return result;
}

TransposeConvAttributes options(Padding padding, int32_t stride, Activation activation = Activation::none) {
  TransposeConvAttributes a;
  a.padding = static_cast<int8_t>(padding);
  a.stride_w = a.stride_h = stride;
  a.activation = activation;
  return a;
}

std::vector<OpCase> cases() {
  constexpr Padding same = Padding::same, valid = Padding::valid;
  TransposeConvAttributes uneven = options(valid, 1);
  uneven.stride_w = 3;
  std::vector<OpCase> all = {
      make_case("one_to_one", options(valid, 1), make_shape({1, 1, 1, 1}), make_shape({1, 1, 1, 1}), false),
      make_case("same", options(same, 1), make_shape({1, 4, 5, 3}), make_shape({4, 3, 3, 3}), true),
      make_case("twice", options(same, 2), make_shape({2, 3, 4, 4}), make_shape({3, 3, 3, 4}), true),
      make_case("twice_without_bias", options(same, 2), make_shape({1, 4, 4, 8}), make_shape({6, 4, 4, 8}), false),
      make_case("valid", options(valid, 2), make_shape({1, 3, 4, 3}), make_shape({5, 3, 2, 3}), true),
      make_case("uneven_steps", uneven, make_shape({1, 3, 2, 2}), make_shape({3, 2, 5, 2}), false),
      make_case("gaps", options(valid, 3), make_shape({1, 2, 3, 3}), make_shape({4, 2, 2, 3}), true, 1),
      make_case("odd_size", options(same, 2), make_shape({1, 3, 3, 3}), make_shape({4, 3, 3, 3}), true, 1),
      make_case("relu", options(same, 2, Activation::relu), make_shape({1, 3, 3, 5}), make_shape({4, 2, 2, 5}), true),
      make_case("relu6", options(valid, 1, Activation::relu6), make_shape({1, 4, 3, 6}), make_shape({4, 3, 3, 6}),
                true)};
  for (size_t i : {2, 3, 5, 8}) all[i].per_channel = true;
  all[9].low = -2, all[9].high = 2;
  uint32_t seed = 1;
  for (OpCase& each : all) each.seed = seed++;
  return all;
}

OpCase random_case(Random& random) {
  const auto below = [&](uint32_t n) { return static_cast<int32_t>(random.below(n)); };
  const auto small = [&] { return 1 + below(3); };
  constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6,
                                         Activation::relu_n1_to_1};
  TransposeConvAttributes a = options(static_cast<Padding>(below(2)), small(), kActivations[below(4)]);
  a.stride_w = small();
  const int32_t channels = small(), least_stride = std::min(a.stride_h, a.stride_w);
  const Shape weights = make_shape({small(), 1 + below(4), 1 + below(4), channels});
  const Shape input = make_shape({small(), 1 + below(5), 1 + below(5), channels});
  OpCase result = make_case("random", a, input, weights, below(3) != 0, below(static_cast<uint32_t>(least_stride)));
  result.low = -2, result.high = 2;
  result.per_channel = below(2) == 1;
  result.seed = static_cast<uint32_t>(random.bits());
  return result;
}

constexpr DeviceKernel kKernels[] = {{"transpose_conv_int8", &transpose_conv_int8},
                                     {"transpose_conv_float32", &transpose_conv_float32}};

constexpr OpDef kDef = {
    .name = "transpose_conv",
    .tflite_name = "TRANSPOSE_CONV",
    .tflite_code = 67,
    .tflite_options = 49,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<TransposeConvAttributes>,
    .visit = visit_attributes<TransposeConvAttributes>,
    .read_constants = read_shape,
    .infer = infer,
    .cost = cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant =
        {{InputRole::constant, InputRole::weights, InputRole::activation, InputRole::bias}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/transpose_conv/transpose_conv.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace transpose_conv_op
}  // namespace

extern const OpDef transpose_conv_def;
const OpDef transpose_conv_def = transpose_conv_op::kDef;

}  // namespace mote
