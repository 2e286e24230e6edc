#include "ops/log/log.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const LogFloat32& p) {
  return fmt::format("LogFloat32 p = {{{}}}", p.count);
}

namespace {
namespace log_op {

float slope(const LogAttributes&, float x, float) {
  return 1 / x;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(LogAttributes{}), 0.25, 6);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(LogAttributes{}), 0.25, 6);
}

constexpr DeviceKernel kKernels[] = {{"log_float32", &log_float32}};

constexpr OpDef kDef = {
    .name = "log",
    .tflite_name = "LOG",
    .tflite_code = 73,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<LogAttributes>,
    .visit = visit_attributes<LogAttributes>,
    .read_constants = nullptr,
    .infer = infer_float_elementwise,
    .cost = no_cost,
    .forward = unary_forward<LogAttributes, LogFloat32>,
    .backward = unary_backward<LogAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/log/log.h",
    .kernels = kKernels,
    .emit = unary_emit_as<LogAttributes, LogFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace log_op
}  // namespace

extern const OpDef log_def;
const OpDef log_def = log_op::kDef;

}  // namespace mote
