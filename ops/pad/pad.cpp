#include "ops/pad/pad.h"

#include <algorithm>
#include <cstring>

#include "ops/op_families.h"

namespace mote {

namespace {

// TFLite's versioning: 1 float, 2 int8, 3 beyond 4 dimensions.
int32_t tflite_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>) {
  if (inputs[0].shape.rank > 4) return 3;
  return inputs[0].dtype == DType::int8 ? 2 : 1;
}

Result<void> read_constants(Attributes& attributes, std::span<const TensorType> inputs,
                            std::span<const std::span<const uint8_t>> constants) {
  if (inputs.size() != 2 || inputs[1].shape.rank < 0) return {};  // infer says what is wrong
  const int32_t rank = inputs[0].shape.rank;
  if (constants[1].empty() && inputs[1].shape.elements() > 0)
    return input_error("its paddings (input 1) are computed while the model runs; mote needs constant paddings");
  MOTE_CHECK(expect_type(inputs, 1, "paddings", {DType::int32}));
  if (inputs[1].shape.elements() != 2 * rank)
    return input_error(
        fmt::format("its paddings (input 1) have shape {}, expected {}x2: before and after, for each "
                    "dimension of the input",
                    to_string(inputs[1].shape), rank));
  if (constants[1].size() != 2 * rank * sizeof(int32_t)) return input_error("its paddings (input 1) are cut short");
  PadAttributes value;
  for (int32_t i = 0; i < rank; ++i) {
    std::memcpy(&value.before[i], constants[1].data() + 8 * i, sizeof(int32_t));
    std::memcpy(&value.after[i], constants[1].data() + 8 * i + 4, sizeof(int32_t));
  }
  attributes = Attributes::of(value);
  return {};
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
  const auto a = attributes.as<PadAttributes>();
  Shape output;
  if (!pad_shape(a, inputs[0].shape, output) || output.elements() == 0)
    return input_error(fmt::format(
        "its paddings before [{}] and after [{}] of an input of shape {} leave nothing, are negative, or too large",
        fmt::join(a.before, ", "), fmt::join(a.after, ", "), to_string(inputs[0].shape)));
  return std::vector{output};
}

Pad<float> float_pad(const FloatCall& call) {
  Pad<float> p{};
  pad_setup(call.attributes->as<PadAttributes>(), float_info(call.input_shapes[0]), float_info(call.output_shapes[0]),
            p);
  return p;
}

void forward(const FloatCall& call) {
  pad_run(float_pad(call), call.inputs[0], call.outputs[0]);
}

void backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  const Pad<float> p = float_pad(call);
  const int32_t last = p.rank - 1;
  for_each_padded_row(p, [&](int32_t place, int32_t at) {
    if (place >= 0) std::copy_n(call.output_gradients[0] + at + p.before[last], p.input[last], dx + place);
  });
}

template <class T>
Result<std::string> emit_as(const char* type, const EmitCall& call) {
  Pad<T> p{};
  const Status status = pad_setup(call.attributes->as<PadAttributes>(), tensor_info(call.input_types[0]),
                                  tensor_info(call.output_types[0]), p);
  if (status != Status::ok) return refused(status);
  return fmt::format("  static constexpr Pad<{}> p = {{{}, {{{}}}, {{{}}}, {{{}}}, {}}};\n  pad_run(p, {}, {});\n",
                     type, p.rank, fmt::join(p.input, ", "), fmt::join(p.before, ", "), fmt::join(p.output, ", "),
                     cpp_number(p.value), call.inputs[0], call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  return call.input_types[0].dtype == DType::float32 ? emit_as<float>("float", call) : emit_as<int8_t>("int8_t", call);
}

OpCase make_case(const char* name, Shape input, std::vector<int32_t> paddings, uint32_t seed) {
  OpCase result = case_of(name, {input, make_shape({input.rank, 2})}, seed, -1, 3);
  result.constants = {{}, std::move(paddings)};
  result.attributes = Attributes::of(PadAttributes{});
  return result;
}

std::vector<OpCase> cases() {
  return {make_case("one", make_shape({1}), {1, 2}, 1),
          make_case("image", make_shape({1, 4, 3, 5}), {0, 0, 1, 2, 3, 0, 0, 0}, 2),
          make_case("channels", make_shape({2, 3, 2}), {0, 0, 0, 0, 1, 3}, 3),
          make_case("everywhere", make_shape({2, 2, 3, 2}), {1, 0, 0, 1, 2, 1, 1, 1}, 4),
          make_case("nothing", make_shape({2, 5}), {0, 0, 0, 0}, 5)};
}

OpCase random_case(Random& random) {
  Shape input;
  input.rank = 1 + static_cast<int32_t>(random.below(4));
  std::vector<int32_t> paddings;
  for (int32_t i = 0; i < input.rank; ++i) {
    input.dims[i] = input.rank > 2 ? 1 + random_dim(random) / 2 : random_dim(random);
    const bool around = random.below(2) == 0;
    for (int k = 0; k < 2; ++k) paddings.push_back(around ? static_cast<int32_t>(random.below(4)) : 0);
  }
  return make_case("random", input, std::move(paddings), static_cast<uint32_t>(random.bits()));
}

constexpr DeviceKernel kKernels[] = {{"pad_int8", &pad_int8}, {"pad_float32", &pad_float32}};

}  // namespace

extern const OpDef pad_def;
const OpDef pad_def = {
    .name = "pad",
    .tflite_name = "PAD",
    .tflite_code = 34,
    .tflite_options = 22,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<PadAttributes>,
    .visit = visit_attributes<PadAttributes>,
    .read_constants = read_constants,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/pad/pad.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace mote
