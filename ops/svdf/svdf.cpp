#include "ops/svdf/svdf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/op.h"

namespace mote {

namespace {
namespace svdf_op {

// TFLite's versioning: 1 float, 3 int8.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  return inputs[0].dtype == DType::int8 ? 3 : 1;
}

Result<void> expect_types(std::span<const TensorType> inputs) {
  const bool int8 = inputs[0].dtype == DType::int8;
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
  MOTE_CHECK(expect_type(inputs, 1, "feature weights", {inputs[0].dtype}));
  MOTE_CHECK(int8 ? expect_type(inputs, 2, "time weights", {DType::int16, DType::int8})
                  : expect_type(inputs, 2, "time weights", {DType::float32}));
  if (inputs[3].shape.rank >= 0) MOTE_CHECK(expect_type(inputs, 3, "bias", {int8 ? DType::int32 : DType::float32}));
  return expect_type(inputs, 4, "state", {inputs[2].dtype});
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  if (inputs.size() != 5) return input_error(fmt::format("it has {} inputs, expected 5", inputs.size()));
  for (size_t i : {0u, 1u, 2u, 4u})
    if (inputs[i].shape.rank < 0) return input_error(fmt::format("input {} is absent, but it is not optional", i));
  MOTE_CHECK(expect_types(inputs));
  const auto options = attributes.as<SvdfAttributes>();
  MOTE_CHECK(expect_clamping(options.activation));
  SvdfSize size{};
  if (!svdf_size(options, inputs[0].shape, inputs[1].shape, inputs[2].shape, inputs[4].shape, size))
    return input_error(
        fmt::format("input {}, feature weights {}, time weights {} and state {} with rank {} do not belong together; "
                    "expected [batch, inputs], [filters, inputs], [filters, memory], [batch, filters * memory] and a "
                    "rank that divides the filters",
                    to_string(inputs[0].shape), to_string(inputs[1].shape), to_string(inputs[2].shape),
                    to_string(inputs[4].shape), options.rank));
  if (inputs[3].shape.rank >= 0 && inputs[3].shape.elements() != size.units)
    return input_error(fmt::format("the bias has shape {}, expected one number for each of the {} units",
                                   to_string(inputs[3].shape), size.units));
  return std::vector{make_shape({size.batches, size.units})};
}

OpCost cost(const Attributes&, std::span<const Shape> inputs, std::span<const Shape>) {
  return {svdf_macs(inputs[0], inputs[1], inputs[2]), 0};
}

// From a cleared state, of which the newest column alone is not zero.
void forward(const FloatCall& call) {
  const auto options = call.attributes->as<SvdfAttributes>();
  const FloatRange range = float_activation_range(options.activation);
  const int32_t batches = call.input_shapes[0][0], inputs = call.input_shapes[0][1];
  const int32_t memory = call.input_shapes[2][1], units = call.output_shapes[0][1];
  float* output = call.outputs[0];
  for (int32_t b = 0; b < batches; ++b) {
    const float* const x = call.inputs[0] + b * inputs;
    for (int32_t unit = 0, filter = 0; unit < units; ++unit) {
      float y = call.inputs[3] != nullptr ? call.inputs[3][unit] : 0.0f;
      for (int32_t last = filter + options.rank; filter < last; ++filter) {
        float projection = 0;
        for (int32_t i = 0; i < inputs; ++i) projection += call.inputs[1][filter * inputs + i] * x[i];
        y += call.inputs[2][(filter + 1) * memory - 1] * projection;
      }
      *output++ = std::clamp(y, range.low, range.high);
    }
  }
}

std::string text_of(const SvdfSize& s) {
  return fmt::format("{{{}, {}, {}, {}, {}}}", s.batches, s.inputs, s.units, s.rank, s.memory);
}

std::string text_of(const SvdfInt8& p) {
  return fmt::format("SvdfInt8 p = {{{}, {{{}, {}}}, {{{}, {}}}, {}, {}, {}, {}}}", text_of(p.size),
                     p.projection.multiplier, p.projection.shift, p.output.multiplier, p.output.shift,
                     p.input_zero_point, p.state_zero_point, p.output_zero_point, p.wide);
}

std::string text_of(const SvdfFloat32& p) {
  return fmt::format("SvdfFloat32 p = {{{}, {}, {}}}", text_of(p.size), cpp_float(p.low), cpp_float(p.high));
}

template <class Parameters>
Result<std::string> emit_as(const EmitCall& call) {
  const auto info = [&](size_t i) { return tensor_info(call.input_types[i]); };
  const bool has_bias = call.input_types[3].shape.rank >= 0;
  const TensorInfo bias = has_bias ? info(3) : TensorInfo{};
  Parameters p{};
  const Status status = svdf_setup(
      call.attributes->as<SvdfAttributes>(),
      {info(0), info(1), info(2), info(4), tensor_info(call.output_types[0]), has_bias ? &bias : nullptr}, p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr {};\n  svdf_run(p, {}, {}, {}, {}, {}, {});\n", text_of(p), call.inputs[0],
                     call.inputs[1], call.inputs[2], call.inputs[3], call.inputs[4], call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  return call.input_types[0].dtype == DType::float32 ? emit_as<SvdfFloat32>(call) : emit_as<SvdfInt8>(call);
}

TensorType stored(DType type, float scale, int32_t zero_point = 0) {
  return {type, {}, {{scale}, {zero_point}, 0}};
}

// Scales for operands in [-1, 1]: of the state and the output about four times what sums of such products deviate.
std::vector<TensorType> types_of(const SvdfAttributes& a, int32_t inputs, DType state_type) {
  const float limit = state_type == DType::int16 ? 32767.0f : 127.0f, spread = std::sqrt(static_cast<float>(inputs));
  const TensorType state = stored(state_type, 1.4f * spread / limit), times = stored(state_type, 1.0f / limit);
  const float bias = state.quant.scales[0] * times.quant.scales[0];
  const float range = spread * std::sqrt(static_cast<float>(a.rank)) + 1.0f;
  const TensorType output =
      a.activation == Activation::none ? stored(DType::int8, range / 128, 3) : stored(DType::int8, range / 256, -128);
  return {stored(DType::int8, 1.0f / 127, -1),
          stored(DType::int8, 1.0f / 127),
          times,
          stored(DType::int32, bias),
          state,
          output};
}

struct Sizes {
  int32_t batches, inputs, units, memory;
};

OpCase make_case(const char* name, SvdfAttributes a, Sizes s, DType state_type = DType::int16) {
  const int32_t filters = s.units * a.rank;
  OpCase result;
  result.name = name;
  result.attributes = Attributes::of(a);
  result.inputs = {make_shape({s.batches, s.inputs}), make_shape({filters, s.inputs}), make_shape({filters, s.memory}),
                   make_shape({s.units}), make_shape({s.batches, filters * s.memory})};
  result.integer_types = types_of(a, s.inputs, state_type);
  return result;
}

std::vector<OpCase> cases() {
  constexpr SvdfAttributes kPlain{1, Activation::none, false}, kRelu{1, Activation::relu, false};
  constexpr SvdfAttributes kRank2{2, Activation::relu, false};
  return {make_case("one", kRelu, {1, 1, 1, 1}),
          make_case("relu", kRelu, {1, 9, 5, 4}),
          make_case("plain_batch", kPlain, {2, 7, 3, 5}),
          make_case("rank_2", kRank2, {3, 6, 4, 10}),
          make_case("int8_state", kRank2, {2, 8, 5, 3}, DType::int8),
          make_case("int8_state_long", kRelu, {1, 17, 9, 31}, DType::int8),
          make_case("speech_layer", kRelu, {1, 40, 32, 20})};
}

OpCase random_case(Random& random) {
  const auto dim = [&] { return 1 + static_cast<int32_t>(random.below(9)); };
  const SvdfAttributes attributes{1 + static_cast<int32_t>(random.below(3)), Activation::relu, false};
  OpCase result = make_case("random", attributes, {dim(), dim(), dim(), dim()});
  result.seed = static_cast<uint32_t>(random.bits());
  return result;
}

constexpr DeviceKernel kKernels[] = {{"svdf_int8", &svdf_int8}, {"svdf_float32", &svdf_float32}};

constexpr OpDef kDef = {
    .name = "svdf",
    .tflite_name = "SVDF",
    .tflite_code = 27,
    .tflite_options = 6,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<SvdfAttributes>,
    .visit = visit_attributes<SvdfAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "its state ties each inference to those before; train it elsewhere and bring the .tflite",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::weights, InputRole::weights, InputRole::bias, InputRole::state},
              0,
              OutputRule::free,
              0,
              0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/svdf/svdf.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace svdf_op
}  // namespace

extern const OpDef svdf_def;
const OpDef svdf_def = svdf_op::kDef;

}  // namespace mote
