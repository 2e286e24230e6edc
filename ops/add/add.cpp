#include "ops/add/add.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const AddInt8& p) {
  return fmt::format("AddInt8 p = {{{}, {}}}", p.groups, text_of(p.sum));
}

static std::string text_of(const AddInt16& p) {
  return fmt::format("AddInt16 p = {{{}, {}}}", p.groups, text_of(p.sum));
}

static std::string text_of(const AddFloat32& p) {
  return fmt::format("AddFloat32 p = {{{}, {}, {}}}", p.groups, cpp_float(p.low), cpp_float(p.high));
}

namespace {
namespace add_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  return infer_sum_or_product(attributes.as<AddAttributes>().activation, inputs);
}

BinarySlopes slopes(const Attributes& attributes, float, float, float y) {
  const FloatRange range = float_activation_range(attributes.as<AddAttributes>().activation);
  const float slope = range.low < y && y < range.high ? 1 : 0;
  return {slope, slope};
}

Clamp limits(const FloatCall& call) {
  return limits_of(call.attributes->as<AddAttributes>().activation);
}

void forward(const FloatCall& call) {
  if (call.input_shapes[0] != call.input_shapes[1]) return binary_forward<AddAttributes, AddFloat32>(call);
  simd().add_clamped(call.output_shapes[0].elements(), call.inputs[0], call.inputs[1], limits(call), call.outputs[0]);
}

void backward(const FloatCall& call) {
  if (call.input_shapes[0] != call.input_shapes[1]) return binary_backward<slopes>(call);
  for (float* const gradient : call.input_gradients)
    if (gradient != nullptr)
      simd().clamp_backward(call.output_shapes[0].elements(), call.outputs[0], call.output_gradients[0], limits(call),
                            gradient);
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = binary_cases(Attributes::of(AddAttributes{}), -2, 3);
  const struct {
    const char* name;
    Activation activation;
  } fused[] = {{"relu", Activation::relu}, {"relu6", Activation::relu6}, {"relu_n1_to_1", Activation::relu_n1_to_1}};
  const Shape image = make_shape({1, 5, 3, 7});
  for (const auto& each : fused) {
    all.push_back(case_of(each.name, {image, image}, 7, -2, 5));
    all.back().attributes = Attributes::of(AddAttributes{each.activation});
  }
  for (size_t i : {1, 3, 5}) all.push_back(as_int16(all[i]));
  for (size_t i : {0, 4}) all.push_back(as_int32(all[i]));
  return all;
}

OpCase random_case(Random& random) {
  constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6,
                                         Activation::relu_n1_to_1};
  OpCase result = binary_random_case(random, Attributes::of(AddAttributes{kActivations[random.below(4)]}), -3, 4);
  return random.below(4) == 0 ? as_int16(result) : result;
}

int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs,
                       std::span<const TensorType> outputs) {
  const bool any_scale = inputs[0].dtype == DType::int16 && !attributes.as<AddAttributes>().pot_scale_int16;
  return any_scale ? 3 : version_2_for_int8(attributes, inputs, outputs);
}

Result<std::string> emit(const EmitCall& call) {
  if (call.input_types[0].dtype == DType::int32) return int32_emit<AddAttributes, AddInt32>("AddInt32", call);
  return binary_emit<AddAttributes, AddInt8, AddFloat32, AddInt16>(call);
}

constexpr DeviceKernel kKernels[] = {
    {"add_int8", &add_int8}, {"add_int16", &add_int16}, {"add_int32", &add_int32}, {"add_float32", &add_float32}};

constexpr OpDef kDef = {
    .name = "add",
    .tflite_name = "ADD",
    .tflite_code = 0,
    .tflite_options = 11,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<AddAttributes>,
    .visit = visit_attributes<AddAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/add/add.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace add_op
}  // namespace

extern const OpDef add_def;
const OpDef add_def = add_op::kDef;

}  // namespace mote
