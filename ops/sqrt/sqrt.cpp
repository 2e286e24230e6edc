#include "ops/sqrt/sqrt.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const SqrtFloat32& p) {
  return fmt::format("SqrtFloat32 p = {{{}}}", p.count);
}

namespace {
namespace sqrt_op {

float slope(const SqrtAttributes&, float, float y) {
  return 0.5f / y;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(SqrtAttributes{}), 0.25f, 4);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(SqrtAttributes{}), 0.25f, 4);
}

constexpr DeviceKernel kKernels[] = {{"sqrt_float32", &sqrt_float32}};

constexpr OpDef kDef = {
    .name = "sqrt",
    .tflite_name = "SQRT",
    .tflite_code = 75,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<SqrtAttributes>,
    .visit = visit_attributes<SqrtAttributes>,
    .read_constants = nullptr,
    .infer = infer_float_elementwise,
    .cost = no_cost,
    .forward = unary_forward<SqrtAttributes, SqrtFloat32>,
    .backward = unary_backward<SqrtAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/sqrt/sqrt.h",
    .kernels = kKernels,
    .emit = unary_emit_as<SqrtAttributes, SqrtFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace sqrt_op
}  // namespace

extern const OpDef sqrt_def;
const OpDef sqrt_def = sqrt_op::kDef;

}  // namespace mote
