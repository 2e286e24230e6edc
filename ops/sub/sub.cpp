#include "ops/sub/sub.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const ScaledSum& p) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}}}", text_of(p.a), text_of(p.b), text_of(p.output), p.zero_a,
                     p.zero_b, p.zero_output, p.low, p.high);
}

static std::string text_of(const SubInt8& p) {
  return fmt::format("SubInt8 p = {{{}, {}}}", p.groups, text_of(p.sum));
}

static std::string text_of(const SubFloat32& p) {
  return fmt::format("SubFloat32 p = {{{}, {}, {}}}", p.groups, cpp_float(p.low), cpp_float(p.high));
}

namespace {

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
  return all;
}

OpCase random_case(Random& random) {
  SubAttributes attributes;
  attributes.activation = random_activation(random);
  return binary_random_case(random, Attributes::of(attributes), -4, 5);
}

constexpr DeviceKernel kKernels[] = {{"sub_int8", &sub_int8}, {"sub_float32", &sub_float32}};

}  // namespace

extern const OpDef sub_def;
const OpDef sub_def = {
    .name = "sub",
    .tflite_name = "SUB",
    .tflite_code = 41,
    .tflite_options = 28,
    .tflite_version = version_3_for_broadcast,
    .default_attributes = default_attributes<SubAttributes>,
    .visit = visit_attributes<SubAttributes>,
    .read_constants = nullptr,
    .infer = infer_binary,
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
    .emit = binary_emit<SubAttributes, SubInt8, SubFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace mote
