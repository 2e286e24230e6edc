#include "ops/elu/elu.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const EluInt8& p) {
  return fmt::format("EluInt8 p = {{{}, {}, {}, {}, {}}}", p.count, p.input_scale, p.inverse_output_scale,
                     p.input_zero_point, p.output_zero_point);
}

static std::string text_of(const EluFloat32& p) {
  return fmt::format("EluFloat32 p = {{{}}}", p.count);
}

namespace {
namespace elu_op {

float slope(const EluAttributes&, float x, float y) {
  return x < 0 ? y + 1 : 1;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(EluAttributes{}), -4, 3);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(EluAttributes{}), -4, 3);
}

constexpr DeviceKernel kKernels[] = {{"elu_int8", &elu_int8}, {"elu_float32", &elu_float32}};

constexpr OpDef kDef = {
    .name = "elu",
    .tflite_name = "ELU",
    .tflite_code = 111,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<EluAttributes>,
    .visit = visit_attributes<EluAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise,
    .cost = no_cost,
    .forward = unary_forward<EluAttributes, EluFloat32>,
    .backward = unary_backward<EluAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/elu/elu.h",
    .kernels = kKernels,
    .emit = unary_emit<EluAttributes, EluInt8, EluFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace elu_op
}  // namespace

extern const OpDef elu_def;
const OpDef elu_def = elu_op::kDef;

}  // namespace mote
