#include "ops/mul/mul.h"

#include "ops/op_families.h"

namespace mote {

template <class T>
static std::string text_of(const MulOf<T>& p) {
  return fmt::format("MulOf<int{}_t> p = {{{}, {}, {}, {}, {}, {}, {}}}", 8 * sizeof(T), p.groups, text_of(p.scale),
                     p.zero_a, p.zero_b, p.zero_output, p.low, p.high);
}

static std::string text_of(const MulFloat32& p) {
  return fmt::format("MulFloat32 p = {{{}, {}, {}}}", p.groups, cpp_float(p.low), cpp_float(p.high));
}

namespace {
namespace mul_op {

// TFLite's versioning: 3 where the product of the inputs' scales is not below the output's.
int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs,
                       std::span<const TensorType> outputs) {
  const QuantParams &a = inputs[0].quant, &b = inputs[1].quant, &y = outputs[0].quant;
  if (a.quantized() && b.quantized() && y.quantized() && a.scales[0] * b.scales[0] / y.scales[0] >= 1.0f) return 3;
  return version_2_for_int8(attributes, inputs, outputs);
}

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  return infer_sum_or_product(attributes.as<MulAttributes>().activation, inputs);
}

BinarySlopes slopes(const Attributes& attributes, float a, float b, float y) {
  return inside(attributes.as<MulAttributes>().activation, y) ? BinarySlopes{b, a} : BinarySlopes{0, 0};
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = binary_cases(Attributes::of(MulAttributes{}), -3, 4);
  MulAttributes relu, relu6, relu_n1_to_1;
  relu.activation = Activation::relu;
  relu6.activation = Activation::relu6;
  relu_n1_to_1.activation = Activation::relu_n1_to_1;
  all[1].attributes = Attributes::of(relu);
  all[2].attributes = Attributes::of(relu6);
  all[3].attributes = Attributes::of(relu_n1_to_1);
  for (size_t i : {1, 3, 4}) all.push_back(as_int16(all[i]));
  for (size_t i : {0, 4}) all.push_back(as_int32(all[i]));
  return all;
}

OpCase random_case(Random& random) {
  MulAttributes attributes;
  attributes.activation = random_activation(random);
  OpCase result = binary_random_case(random, Attributes::of(attributes), -3, 4);
  return random.below(4) == 0 ? as_int16(result) : result;
}

Result<std::string> emit(const EmitCall& call) {
  if (call.input_types[0].dtype == DType::int32) return int32_emit<MulAttributes, MulInt32>("MulInt32", call);
  return binary_emit<MulAttributes, MulInt8, MulFloat32, MulInt16>(call);
}

constexpr DeviceKernel kKernels[] = {
    {"mul_int8", &mul_int8}, {"mul_int16", &mul_int16}, {"mul_int32", &mul_int32}, {"mul_float32", &mul_float32}};

constexpr OpDef kDef = {
    .name = "mul",
    .tflite_name = "MUL",
    .tflite_code = 18,
    .tflite_options = 21,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<MulAttributes>,
    .visit = visit_attributes<MulAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = binary_forward<MulAttributes, MulFloat32>,
    .backward = binary_backward<slopes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/mul/mul.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace mul_op
}  // namespace

extern const OpDef mul_def;
const OpDef mul_def = mul_op::kDef;

}  // namespace mote
