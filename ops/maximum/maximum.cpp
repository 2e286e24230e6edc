#include "ops/maximum/maximum.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const MaximumInt8& p) {
  return fmt::format("MaximumInt8 p = {{{}}}", p.groups);
}

static std::string text_of(const MaximumFloat32& p) {
  return fmt::format("MaximumFloat32 p = {{{}}}", p.groups);
}

namespace {
namespace maximum_op {

BinarySlopes slopes(const Attributes&, float a, float b, float) {
  return a > b ? BinarySlopes{1, 0} : BinarySlopes{0, 1};
}

std::vector<OpCase> cases() {
  return binary_cases(Attributes::of(MaximumAttributes{}), -3, 3);
}

OpCase random_case(Random& random) {
  return binary_random_case(random, Attributes::of(MaximumAttributes{}), -3, 3);
}

constexpr DeviceKernel kKernels[] = {{"maximum_int8", &maximum_int8}, {"maximum_float32", &maximum_float32}};

constexpr OpDef kDef = {
    .name = "maximum",
    .tflite_name = "MAXIMUM",
    .tflite_code = 55,
    .tflite_options = 39,
    .tflite_version = version_3_for_broadcast,
    .default_attributes = default_attributes<MaximumAttributes>,
    .visit = visit_attributes<MaximumAttributes>,
    .read_constants = nullptr,
    .infer = infer_binary,
    .cost = no_cost,
    .forward = binary_forward<MaximumAttributes, MaximumFloat32>,
    .backward = binary_backward<slopes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/maximum/maximum.h",
    .kernels = kKernels,
    .emit = binary_emit<MaximumAttributes, MaximumInt8, MaximumFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace maximum_op
}  // namespace

extern const OpDef maximum_def;
const OpDef maximum_def = maximum_op::kDef;

}  // namespace mote
