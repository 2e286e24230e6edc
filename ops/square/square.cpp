#include "ops/square/square.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const SquareFloat32& p) {
  return fmt::format("SquareFloat32 p = {{{}}}", p.count);
}

namespace {
namespace square_op {

float slope(const SquareAttributes&, float x, float) {
  return 2 * x;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(SquareAttributes{}), -2, 2);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(SquareAttributes{}), -2, 2);
}

constexpr DeviceKernel kKernels[] = {{"square_float32", &square_float32}};

constexpr OpDef kDef = {
    .name = "square",
    .tflite_name = "SQUARE",
    .tflite_code = 92,
    .tflite_options = 66,
    .tflite_version = version_1,
    .default_attributes = default_attributes<SquareAttributes>,
    .visit = visit_attributes<SquareAttributes>,
    .read_constants = nullptr,
    .infer = infer_float_elementwise,
    .cost = no_cost,
    .forward = unary_forward<SquareAttributes, SquareFloat32>,
    .backward = unary_backward<SquareAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/square/square.h",
    .kernels = kKernels,
    .emit = unary_emit_as<SquareAttributes, SquareFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace square_op
}  // namespace

extern const OpDef square_def;
const OpDef square_def = square_op::kDef;

}  // namespace mote
