#include "ops/squared_difference/squared_difference.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const SquaredDifferenceInt8& p) {
  return fmt::format("SquaredDifferenceInt8 p = {{{}, {}, {}, {}, {}, {}, {}}}", p.groups, text_of(p.a), text_of(p.b),
                     text_of(p.output), p.zero_a, p.zero_b, p.zero_output);
}

static std::string text_of(const SquaredDifferenceFloat32& p) {
  return fmt::format("SquaredDifferenceFloat32 p = {{{}}}", p.groups);
}

namespace {
namespace squared_difference_op {

BinarySlopes slopes(const Attributes&, float a, float b, float) {
  return {2 * (a - b), 2 * (b - a)};
}

std::vector<OpCase> cases() {
  return binary_cases(Attributes::of(SquaredDifferenceAttributes{}), -2, 3);
}

OpCase random_case(Random& random) {
  return binary_random_case(random, Attributes::of(SquaredDifferenceAttributes{}), -2, 3);
}

constexpr DeviceKernel kKernels[] = {{"squared_difference_int8", &squared_difference_int8},
                                     {"squared_difference_float32", &squared_difference_float32}};

constexpr OpDef kDef = {
    .name = "squared_difference",
    .tflite_name = "SQUARED_DIFFERENCE",
    .tflite_code = 99,
    .tflite_options = 76,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<SquaredDifferenceAttributes>,
    .visit = visit_attributes<SquaredDifferenceAttributes>,
    .read_constants = nullptr,
    .infer = infer_binary,
    .cost = no_cost,
    .forward = binary_forward<SquaredDifferenceAttributes, SquaredDifferenceFloat32>,
    .backward = binary_backward<slopes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 2,
    .in_place = true,
    .device_header = "ops/squared_difference/squared_difference.h",
    .kernels = kKernels,
    .emit = binary_emit<SquaredDifferenceAttributes, SquaredDifferenceInt8, SquaredDifferenceFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace squared_difference_op
}  // namespace

extern const OpDef squared_difference_def;
const OpDef squared_difference_def = squared_difference_op::kDef;

}  // namespace mote
