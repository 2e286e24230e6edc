#include "ops/div/div.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const DivFloat32& p) {
  return fmt::format("DivFloat32 p = {{{}, {}, {}}}", p.groups, cpp_float(p.low), cpp_float(p.high));
}

namespace {
namespace div_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_clamping(attributes.as<DivAttributes>().activation));
  return infer_float_binary(attributes, inputs);
}

BinarySlopes slopes(const Attributes& attributes, float a, float b, float y) {
  return inside(attributes.as<DivAttributes>().activation, y) ? BinarySlopes{1 / b, -a / (b * b)} : BinarySlopes{0, 0};
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = binary_cases(Attributes::of(DivAttributes{}), 0.5f, 4);
  all[1].attributes = Attributes::of(DivAttributes{Activation::relu6});
  return all;
}

OpCase random_case(Random& random) {
  return binary_random_case(random, Attributes::of(DivAttributes{random_activation(random)}), 0.5f, 4);
}

constexpr DeviceKernel kKernels[] = {{"div_float32", &div_float32}};

constexpr OpDef kDef = {
    .name = "div",
    .tflite_name = "DIV",
    .tflite_code = 42,
    .tflite_options = 29,
    .tflite_version = version_1,
    .default_attributes = default_attributes<DivAttributes>,
    .visit = visit_attributes<DivAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = binary_forward<DivAttributes, DivFloat32>,
    .backward = binary_backward<slopes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/div/div.h",
    .kernels = kKernels,
    .emit = binary_emit_as<DivAttributes, DivFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace div_op
}  // namespace

extern const OpDef div_def;
const OpDef div_def = div_op::kDef;

}  // namespace mote
