#include "ops/abs/abs.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const AbsInt8& p) {
  return fmt::format("AbsInt8 p = {{{}, {}, {}, {}}}", p.count, text_of(p.scale), p.input_zero_point,
                     p.output_zero_point);
}

static std::string text_of(const AbsFloat32& p) {
  return fmt::format("AbsFloat32 p = {{{}}}", p.count);
}

namespace {
namespace abs_op {

float slope(const AbsAttributes&, float x, float) {
  return x < 0 ? -1 : 1;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(AbsAttributes{}), -3, 3);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(AbsAttributes{}), -3, 3);
}

constexpr DeviceKernel kKernels[] = {{"abs_int8", &abs_int8}, {"abs_float32", &abs_float32}};

constexpr OpDef kDef = {
    .name = "abs",
    .tflite_name = "ABS",
    .tflite_code = 101,
    .tflite_options = 78,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<AbsAttributes>,
    .visit = visit_attributes<AbsAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise,
    .cost = no_cost,
    .forward = unary_forward<AbsAttributes, AbsFloat32>,
    .backward = unary_backward<AbsAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/abs/abs.h",
    .kernels = kKernels,
    .emit = unary_emit<AbsAttributes, AbsInt8, AbsFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace abs_op
}  // namespace

extern const OpDef abs_def;
const OpDef abs_def = abs_op::kDef;

}  // namespace mote
