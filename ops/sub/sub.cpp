#include "ops/sub/sub.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const SubInt8& p) {
  return fmt::format("SubInt8 p = {{{}, {}}}", p.groups, text_of(p.sum));
}

static std::string text_of(const SubInt16& p) {
  return fmt::format("SubInt16 p = {{{}, {}}}", p.groups, text_of(p.sum));
}

static std::string text_of(const SubFloat32& p) {
  return fmt::format("SubFloat32 p = {{{}, {}, {}}}", p.groups, cpp_float(p.low), cpp_float(p.high));
}

namespace {
namespace sub_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  return infer_sum_or_product(attributes.as<SubAttributes>().activation, inputs);
}

BinarySlopes slopes(const Attributes& attributes, float, float, float y) {
  return inside(attributes.as<SubAttributes>().activation, y) ? BinarySlopes{1, -1} : BinarySlopes{0, 0};
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = binary_cases(Attributes::of(SubAttributes{}), -4, 5);
  SubAttributes relu, relu6, relu_n1_to_1;
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
  SubAttributes attributes;
  attributes.activation = random_activation(random);
  OpCase result = binary_random_case(random, Attributes::of(attributes), -4, 5);
  return random.below(4) == 0 ? as_int16(result) : result;
}

int32_t tflite_version(const Attributes& attributes, std::span<const TensorType> inputs,
                       std::span<const TensorType> outputs) {
  const bool any_scale = inputs[0].dtype == DType::int16 && !attributes.as<SubAttributes>().pot_scale_int16;
  return any_scale ? 5 : version_3_for_broadcast(attributes, inputs, outputs);
}

Result<std::string> emit(const EmitCall& call) {
  if (call.input_types[0].dtype == DType::int32) return int32_emit<SubAttributes, SubInt32>("SubInt32", call);
  return binary_emit<SubAttributes, SubInt8, SubFloat32, SubInt16>(call);
}

constexpr DeviceKernel kKernels[] = {
    {"sub_int8", &sub_int8}, {"sub_int16", &sub_int16}, {"sub_int32", &sub_int32}, {"sub_float32", &sub_float32}};

constexpr OpDef kDef = {
    .name = "sub",
    .tflite_name = "SUB",
    .tflite_code = 41,
    .tflite_options = 28,
    .tflite_version = tflite_version,
    .default_attributes = default_attributes<SubAttributes>,
    .visit = visit_attributes<SubAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = binary_forward<SubAttributes, SubFloat32>,
    .backward = binary_backward<slopes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/sub/sub.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace sub_op
}  // namespace

extern const OpDef sub_def;
const OpDef sub_def = sub_op::kDef;

}  // namespace mote
