#include "ops/ceil/ceil.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const CeilFloat32& p) {
  return fmt::format("CeilFloat32 p = {{{}}}", p.count);
}

namespace {
namespace ceil_op {

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(CeilAttributes{}), -5, 5);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(CeilAttributes{}), -5, 5);
}

constexpr DeviceKernel kKernels[] = {{"ceil_float32", &ceil_float32}};

constexpr OpDef kDef = {
    .name = "ceil",
    .tflite_name = "CEIL",
    .tflite_code = 104,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<CeilAttributes>,
    .visit = visit_attributes<CeilAttributes>,
    .read_constants = nullptr,
    .infer = infer_float_elementwise,
    .cost = no_cost,
    .forward = unary_forward<CeilAttributes, CeilFloat32>,
    .backward = nullptr,
    .not_trainable = "its slope is 0 wherever it has one",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/ceil/ceil.h",
    .kernels = kKernels,
    .emit = unary_emit_as<CeilAttributes, CeilFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace ceil_op
}  // namespace

extern const OpDef ceil_def;
const OpDef ceil_def = ceil_op::kDef;

}  // namespace mote
