#include "ops/minimum/minimum.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const MinimumInt8& p) {
  return fmt::format("MinimumInt8 p = {{{}}}", p.groups);
}

static std::string text_of(const MinimumFloat32& p) {
  return fmt::format("MinimumFloat32 p = {{{}}}", p.groups);
}

namespace {
namespace minimum_op {

BinarySlopes slopes(const Attributes&, float a, float b, float) {
  return a < b ? BinarySlopes{1, 0} : BinarySlopes{0, 1};
}

std::vector<OpCase> cases() {
  return binary_cases(Attributes::of(MinimumAttributes{}), -3, 3);
}

OpCase random_case(Random& random) {
  return binary_random_case(random, Attributes::of(MinimumAttributes{}), -3, 3);
}

constexpr DeviceKernel kKernels[] = {{"minimum_int8", &minimum_int8}, {"minimum_float32", &minimum_float32}};

constexpr OpDef kDef = {
    .name = "minimum",
    .tflite_name = "MINIMUM",
    .tflite_code = 57,
    .tflite_options = 39,
    .tflite_version = version_3_for_broadcast,
    .default_attributes = default_attributes<MinimumAttributes>,
    .visit = visit_attributes<MinimumAttributes>,
    .read_constants = nullptr,
    .infer = infer_binary,
    .cost = no_cost,
    .forward = binary_forward<MinimumAttributes, MinimumFloat32>,
    .backward = binary_backward<slopes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/minimum/minimum.h",
    .kernels = kKernels,
    .emit = binary_emit<MinimumAttributes, MinimumInt8, MinimumFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace minimum_op
}  // namespace

extern const OpDef minimum_def;
const OpDef minimum_def = minimum_op::kDef;

}  // namespace mote
