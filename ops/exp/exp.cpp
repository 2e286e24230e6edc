#include "ops/exp/exp.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const ExpFloat32& p) {
  return fmt::format("ExpFloat32 p = {{{}}}", p.count);
}

namespace {
namespace exp_op {

float slope(const ExpAttributes&, float, float y) {
  return y;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(ExpAttributes{}), -4, 3);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(ExpAttributes{}), -4, 3);
}

constexpr DeviceKernel kKernels[] = {{"exp_float32", &exp_float32}};

constexpr OpDef kDef = {
    .name = "exp",
    .tflite_name = "EXP",
    .tflite_code = 47,
    .tflite_options = 33,
    .tflite_version = version_1,
    .default_attributes = default_attributes<ExpAttributes>,
    .visit = visit_attributes<ExpAttributes>,
    .read_constants = nullptr,
    .infer = infer_float_elementwise,
    .cost = no_cost,
    .forward = unary_forward<ExpAttributes, ExpFloat32>,
    .backward = unary_backward<ExpAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/exp/exp.h",
    .kernels = kKernels,
    .emit = unary_emit_as<ExpAttributes, ExpFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace exp_op
}  // namespace

extern const OpDef exp_def;
const OpDef exp_def = exp_op::kDef;

}  // namespace mote
