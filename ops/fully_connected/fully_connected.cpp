#include "ops/fully_connected/fully_connected.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "ops/op_families.h"
#include "ops/pack.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {
namespace fully_connected_op {

// TFLite's versioning: 1 float, 4 int8, 5 with keep_num_dims, 6 without bias, 7 int16, 11 int16 with an int32 bias, 12
// per-channel weights.
int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs, std::span<const TensorType>) {
  const bool int8 = inputs[0].dtype == DType::int8, int16 = inputs[0].dtype == DType::int16;
  const bool has_bias = inputs.size() > 2 && inputs[2].shape.rank >= 0;
  if ((int8 || int16) && inputs[1].quant.per_channel()) return 12;
  if (int16) return has_bias && inputs[2].dtype == DType::int32 ? 11 : 7;
  if (!has_bias) return 6;
  if (attributes.as<FullyConnectedAttributes>().keep_num_dims) return 5;
  return int8 ? 4 : 1;
}

// x of any shape whose elements divide by I, weights [O, I], optional bias [O] -> [rows, O], or x's shape with last
// dimension O.
Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  const auto options = attributes.as<FullyConnectedAttributes>();
  MOTE_CHECK(expect_weighted_or_int16(inputs));
  MOTE_CHECK(expect_clamping(options.activation));
  if (options.weights_format != 0) return input_error("weights in the shuffled format; mote runs the default format");
  const Shape &x = inputs[0].shape, &weights = inputs[1].shape;
  if (weights.rank != 2 || weights[0] < 1 || weights[1] < 1)
    return input_error(fmt::format("the weights have shape {}, expected [units, inputs]", to_string(weights)));
  Shape output;
  if (!fully_connected_shape(options, x, weights, output))
    return input_error(fmt::format("input of shape {} does not fit weights of shape {}: they take rows of {} numbers",
                                   to_string(x), to_string(weights), weights[1]));
  if (inputs.size() == 3 && inputs[2].shape.rank >= 0 && inputs[2].shape.elements() != weights[0])
    return input_error(fmt::format("the bias has shape {}, expected one number for each of the {} units",
                                   to_string(inputs[2].shape), weights[0]));
  return std::vector{output};
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  return {fully_connected_macs(inputs[0], inputs[1]), fully_connected_scratch_bytes()};
}

DenseSize size_of(const FloatCall& call) {
  const int32_t inputs = call.input_shapes[1][1], outputs = call.input_shapes[1][0];
  return {call.input_shapes[0].elements() / inputs, inputs, outputs};
}

// y[B x O] = activation(x[B x I] w[O x I]^T + b[O])
void forward(const FloatCall& call) {
  const Clamp clamp = limits_of(call.attributes->as<FullyConnectedAttributes>().activation);
  const float* bias = call.inputs.size() > 2 ? call.inputs[2] : nullptr;
  simd().dense_forward(size_of(call), call.inputs[0], call.inputs[1], bias, clamp, call.outputs[0]);
}

// With dz = dy where the activation is not clipped, else 0:  dx = dz w,  dw = dz^T x,  db = column sums of dz.
void backward(const FloatCall& call) {
  const DenseSize size = size_of(call);
  const Activation activation = call.attributes->as<FullyConnectedAttributes>().activation;
  const float* dz = call.output_gradients[0];
  if (activation != Activation::none) {
    simd().clamp_backward(int64_t{size.batch} * size.outputs, call.outputs[0], dz, limits_of(activation),
                          call.workspace);
    dz = call.workspace;
  }
  if (call.input_gradients[0]) simd().dense_input_gradient(size, dz, call.inputs[1], call.input_gradients[0]);
  if (call.input_gradients[1]) simd().dense_weight_gradient(size, dz, call.inputs[0], call.input_gradients[1]);
  if (call.input_gradients.size() > 2 && call.input_gradients[2])
    simd().column_sums(size.batch, size.outputs, dz, call.input_gradients[2]);
}

int64_t float_workspace(const FloatCall& call) {
  const bool clipped = call.attributes->as<FullyConnectedAttributes>().activation != Activation::none;
  return clipped ? int64_t{call.output_shapes[0].elements()} : 0;
}

std::string emit_float(const FullyConnectedFloat32& p, const EmitCall& call, const std::string& bias) {
  return fmt::format(
      "  static constexpr FullyConnectedFloat32 p = {{{}, {}, {}, {}, {}}};\n"
      "  fully_connected_run(p, {}, {}, {}, {});\n",
      p.batches, p.inputs, p.outputs, cpp_float(p.low), cpp_float(p.high), call.inputs[0], call.inputs[1], bias,
      call.outputs[0]);
}

// An integer form's parameters; the error says why there is none.
template <class Parameters>
Result<Parameters> integer_parameters(const EmitCall& call) {
  Parameters p{};
  const Status status =
      fully_connected_setup(call.attributes->as<FullyConnectedAttributes>(), convolution_tensors(call), p);
  if (status != Status::ok) return refused(status);
  return p;
}

// One for each output, or one for all of them.
template <class Parameters>
std::vector<Multiplier> output_multipliers(const Parameters& p, const EmitCall& call) {
  if (!p.per_channel) return {{p.multiplier, p.shift}};
  const TensorInfo input = tensor_info(call.input_types[0]), weights = tensor_info(call.input_types[1]);
  const TensorInfo output = tensor_info(call.output_types[0]);
  std::vector<Multiplier> multipliers(p.outputs);
  for (int32_t o = 0; o < p.outputs; ++o) fully_connected_multiplier(input, weights, output, o, multipliers[o]);
  return multipliers;
}

std::string multiplier_tables(const std::vector<Multiplier>& all) {
  std::vector<int32_t> multipliers, shifts;
  for (const Multiplier& one : all) {
    multipliers.push_back(one.multiplier);
    shifts.push_back(one.shift);
  }
  return fmt::format(
      "  static constexpr int32_t multipliers[] = {{{}}};\n  static constexpr int8_t shifts[] = {{{}}};\n",
      fmt::join(multipliers, ", "), fmt::join(shifts, ", "));
}

// Statements that call `function` on the integer form.
std::string emit_int8(const std::string& function, const FullyConnectedInt8& p, const EmitCall& call,
                      const std::string& weights, const std::string& bias) {
  return fmt::format(
      "{}  static constexpr FullyConnectedInt8 p = {{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}};\n"
      "  {}(p, {}, {}, {}, {}, {});\n",
      p.per_channel ? multiplier_tables(output_multipliers(p, call)) : "", p.batches, p.inputs, p.outputs, p.multiplier,
      p.input_offset, p.output_offset, p.shift, p.low, p.high, p.per_channel, function,
      p.per_channel ? "{multipliers, shifts}" : "{}", call.inputs[0], weights, bias, call.outputs[0]);
}

Result<std::string> emit_int16(const EmitCall& call, const std::string& bias) {
  MOTE_TRY(const FullyConnectedInt16 p, integer_parameters<FullyConnectedInt16>(call));
  return fmt::format(
      "{}  static constexpr FullyConnectedInt16 p = {{{}, {}, {}, {}, {}, {}, {}}};\n"
      "  fully_connected_run(p, {}, {}, {}, {}, {});\n",
      p.per_channel ? multiplier_tables(output_multipliers(p, call)) : "", p.batches, p.inputs, p.outputs, p.multiplier,
      p.shift, p.per_channel, cpp_output(p.output), p.per_channel ? "{multipliers, shifts}" : "{}", call.inputs[0],
      call.inputs[1], bias, call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  const bool has_bias = call.inputs.size() > 2 && call.input_types[2].shape.rank >= 0;
  const std::string bias_text = has_bias ? call.inputs[2] : "nullptr";
  if (call.input_types[0].dtype != DType::float32) {
    if (call.input_types[0].dtype == DType::int16) return emit_int16(call, bias_text);
    MOTE_TRY(const FullyConnectedInt8 p, integer_parameters<FullyConnectedInt8>(call));
    return emit_int8("fully_connected_run", p, call, call.inputs[1], bias_text);
  }
  FullyConnectedFloat32 p{};
  const Status status =
      fully_connected_setup(call.attributes->as<FullyConnectedAttributes>(), convolution_tensors(call), p);
  if (status != Status::ok) return refused(status);
  return emit_float(p, call, bias_text);
}

// Whether requantize_to_int8() may be taken for every output.
bool is_usual(const FullyConnectedInt8& p, const EmitCall& call) {
  const std::vector<Multiplier> all = output_multipliers(p, call);
  return p.low == -128 && p.high == 127 && std::all_of(all.begin(), all.end(), [](const Multiplier& one) {
           return one.multiplier >= 1 << 30 && one.shift < 0;
         });
}

// By rows in program memory.
std::optional<std::string> emit_flash(const PackedCall& packed, const FullyConnectedInt8& p,
                                      std::span<const uint8_t> bias) {
  const EmitCall& call = packed.call;
  const FlashLayer layer{
      packed.constants[1], bias, p.outputs, p.inputs, p.input_offset, Int8Output{p.output_offset, p.low, p.high}};
  if (!fits_flash_rows(layer) || p.batches > INT16_MAX) return std::nullopt;
  std::vector<Multiplier> scales = output_multipliers(p, call);
  scales.resize(static_cast<size_t>(p.outputs), scales[0]);
  return fmt::format(
      "  static constexpr FullyConnectedFlash p = {{{}, {}}};\n  fully_connected_flash_run(p, {}, {}, {});\n",
      cpp_flash_rows(layer, p.outputs), p.batches, keep_flash_rows(packed, layer, scales), call.inputs[0],
      call.outputs[0]);
}

Result<std::optional<std::string>> emit_packed(const PackedCall& packed) {
  const EmitCall& call = packed.call;
  const bool has_bias = call.inputs.size() > 2 && call.input_types[2].shape.rank >= 0;
  const std::span<const uint8_t> weights = packed.constants[1];
  const std::span<const uint8_t> bias = has_bias ? packed.constants[2] : std::span<const uint8_t>();
  if (call.input_types[0].dtype != DType::int8 || weights.empty() || (has_bias && bias.empty()))
    return std::optional<std::string>();
  MOTE_TRY(FullyConnectedInt8 p, integer_parameters<FullyConnectedInt8>(call));
  if (packed.core == PackedFor::avr) return emit_flash(packed, p, bias);
  const std::string folded =
      packed.keep("bias", DType::int32, fold_offset(bias, weights, p.outputs, p.inputs, p.input_offset));
  p.input_offset = 0;
  const auto rows = packed.core == PackedFor::arm_dsp ? pack_rows(weights, p.outputs, p.inputs) : std::nullopt;
  const std::string function =
      rows ? fmt::format("fully_connected_packed_run<{}, {}>", p.per_channel != 0, is_usual(p, call))
           : "fully_connected_run";
  const std::vector<uint8_t> plain(weights.begin(), weights.end());
  return std::optional(emit_int8(function, p, call, packed.keep("weights", DType::int8, rows ? *rows : plain), folded));
}

OpCase make_case(const char* name, FullyConnectedAttributes attributes, std::vector<Shape> inputs) {
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(attributes);
  result.inputs = std::move(inputs);
  return result;
}

TensorType scaled(DType type, float scale) {
  return {type, {}, {{scale}, {0}, 0}};
}

// int16 activations whose bias has 32 bits, and so the sum.
OpCase int16_bias_int32() {
  OpCase result = make_case("int16_bias_int32", {}, {make_shape({2, 21}), make_shape({6, 21}), make_shape({6})});
  const float input = 1.0f / 30000, weights = 1.0f / 120;
  result.input_type = result.output_type = DType::int16;
  result.integer_types = {scaled(DType::int16, input), scaled(DType::int8, weights),
                          scaled(DType::int32, input * weights), scaled(DType::int16, 8 * input)};
  return result;
}

std::vector<OpCase> cases() {
  FullyConnectedAttributes plain, relu, relu6, keep;
  relu.activation = Activation::relu;
  relu6.activation = Activation::relu6;
  keep.keep_num_dims = true;
  const Shape absent{-1, {}};
  std::vector<OpCase> all = {
      make_case("one_to_one", plain, {make_shape({1, 1}), make_shape({1, 1}), make_shape({1})}),
      make_case("plain", plain, {make_shape({2, 5}), make_shape({3, 5}), make_shape({3})}),
      make_case("relu_odd_sizes", relu, {make_shape({1, 37}), make_shape({13, 37}), make_shape({13})}),
      make_case("relu6_reaches_6", relu6, {make_shape({1, 64}), make_shape({16, 64}), make_shape({16})}),
      make_case("no_bias", plain, {make_shape({1, 12}), make_shape({4, 12}), absent}),
      make_case("keep_num_dims", keep, {make_shape({1, 3, 8}), make_shape({6, 8}), make_shape({6})}),
      make_case("flattens_its_input", plain, {make_shape({1, 4, 5}), make_shape({7, 20}), make_shape({7})}),
      make_case("per_channel", relu, {make_shape({1, 20}), make_shape({9, 20}), make_shape({9})}),
      make_case("gesture_first_layer", relu, {make_shape({1, 300}), make_shape({64, 300}), make_shape({64})}),
  };
  all[3].low = -2, all[3].high = 2;
  all[7].per_channel = true;
  for (size_t i : {1, 2, 4, 5, 7}) all.push_back(as_int16(all[i]));
  all.push_back(int16_bias_int32());
  return all;
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6,
                                         Activation::relu_n1_to_1};
  FullyConnectedAttributes attributes;
  attributes.activation = kActivations[random.below(4)];
  const int32_t inputs = dim(), units = dim();
  const Shape bias = random.below(4) == 0 ? Shape{-1, {}} : make_shape({units});
  OpCase result = make_case("random", attributes, {make_shape({dim(), inputs}), make_shape({units, inputs}), bias});
  result.per_channel = random.below(2) == 1;
  result.seed = static_cast<uint32_t>(random.bits());
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {
    {"fully_connected_int8", &fully_connected_int8},
    {"fully_connected_int16", &fully_connected_int16},
    {"fully_connected_float32", &fully_connected_float32},
};

constexpr OpDef kDef = {
    .name = "fully_connected",
    .tflite_name = "FULLY_CONNECTED",
    .tflite_code = 9,
    .tflite_options = 8,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<FullyConnectedAttributes>,
    .visit = visit_attributes<FullyConnectedAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = float_workspace,
    .quant = {{InputRole::activation, InputRole::weights, InputRole::bias}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/fully_connected/fully_connected.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .packed_header = "ops/fully_connected/fully_connected_packed.h",
    .emit_packed = emit_packed,
};

}  // namespace fully_connected_op
}  // namespace

extern const OpDef fully_connected_def;
const OpDef fully_connected_def = fully_connected_op::kDef;

}  // namespace mote
