#include "ops/add/add.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const AddInt8& p) {
  const ScaledSum& s = p.sum;
  return fmt::format("AddInt8 p = {{{}, {{{}, {}, {}, {}, {}, {}, {}, {}}}}}", p.groups, text_of(s.a), text_of(s.b),
                     text_of(s.output), s.zero_a, s.zero_b, s.zero_output, s.low, s.high);
}

static std::string text_of(const AddFloat32& p) {
  return fmt::format("AddFloat32 p = {{{}, {}, {}}}", p.groups, cpp_float(p.low), cpp_float(p.high));
}

namespace {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_clamping(attributes.as<AddAttributes>().activation));
  return infer_binary(attributes, inputs);
}

BinarySlopes slopes(const Attributes& attributes, float, float, float y) {
  const FloatRange range = float_activation_range(attributes.as<AddAttributes>().activation);
  const float slope = range.low < y && y < range.high ? 1 : 0;
  return {slope, slope};
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
  return all;
}

OpCase random_case(Random& random) {
  constexpr Activation kActivations[] = {Activation::none, Activation::relu, Activation::relu6,
                                         Activation::relu_n1_to_1};
  return binary_random_case(random, Attributes::of(AddAttributes{kActivations[random.below(4)]}), -3, 4);
}

constexpr DeviceKernel kKernels[] = {{"add_int8", &add_int8}, {"add_float32", &add_float32}};

}  // namespace

extern const OpDef add_def;
const OpDef add_def = {
    .name = "add",
    .tflite_name = "ADD",
    .tflite_code = 0,
    .tflite_options = 11,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<AddAttributes>,
    .visit = visit_attributes<AddAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = binary_forward<AddAttributes, AddFloat32>,
    .backward = binary_backward<slopes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/add/add.h",
    .kernels = kKernels,
    .emit = binary_emit<AddAttributes, AddInt8, AddFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace mote
