#include "ops/logistic/logistic.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const LogisticInt8& p) {
  return fmt::format("LogisticInt8 p = {{{}, {}}}", p.count,
                     fmt::format("{{{}, {}, {}}}", text_of(p.input.multiplier), p.input.zero_point, p.input.radius));
}

static std::string text_of(const LogisticFloat32& p) {
  return fmt::format("LogisticFloat32 p = {{{}}}", p.count);
}

namespace {

float slope(const LogisticAttributes&, float, float y) {
  return y * (1 - y);
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(LogisticAttributes{}), -7, 7);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(LogisticAttributes{}), -7, 7);
}

constexpr DeviceKernel kKernels[] = {{"logistic_int8", &logistic_int8}, {"logistic_float32", &logistic_float32}};

}  // namespace

extern const OpDef logistic_def;
const OpDef logistic_def = {
    .name = "logistic",
    .tflite_name = "LOGISTIC",
    .tflite_code = 14,
    .tflite_options = 0,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<LogisticAttributes>,
    .visit = visit_attributes<LogisticAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise,
    .cost = no_cost,
    .forward = unary_forward<LogisticAttributes, LogisticFloat32>,
    .backward = unary_backward<LogisticAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::fixed, 1.0f / 256, -128},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/logistic/logistic.h",
    .kernels = kKernels,
    .emit = unary_emit<LogisticAttributes, LogisticInt8, LogisticFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace mote
