#include "ops/logistic/logistic.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const LogisticInt8& p) {
  return fmt::format("LogisticInt8 p = {{{}, {}}}", p.count,
                     fmt::format("{{{}, {}, {}}}", text_of(p.input.multiplier), p.input.zero_point, p.input.radius));
}

static std::string text_of(const LogisticInt16& p) {
  return fmt::format("LogisticInt16 p = {{{}, {{{}, {}}}}}", p.count, p.input.multiplier, p.input.shift);
}

static std::string text_of(const LogisticFloat32& p) {
  return fmt::format("LogisticFloat32 p = {{{}}}", p.count);
}

namespace {
namespace logistic_op {

float slope(const LogisticAttributes&, float, float y) {
  return y * (1 - y);
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = unary_cases(Attributes::of(LogisticAttributes{}), -7, 7);
  for (size_t i : {0, 1, 2}) all.push_back(as_int16(all[i]));
  for (const float scale : {0x1p-12f, 0x1p-11f, 0x1p-13f}) {
    all.push_back(as_int16(all[1]));
    all.back().name += fmt::format("_{}", 1 / scale);
    all.back().integer_types = {{DType::int16, {}, {{scale}, {0}, 0}}, {DType::int16, {}, {{0x1p-15f}, {0}, 0}}};
  }
  return all;
}

OpCase random_case(Random& random) {
  const OpCase result = unary_random_case(random, Attributes::of(LogisticAttributes{}), -7, 7);
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {
    {"logistic_int8", &logistic_int8}, {"logistic_int16", &logistic_int16}, {"logistic_float32", &logistic_float32}};

constexpr OpDef kDef = {
    .name = "logistic",
    .tflite_name = "LOGISTIC",
    .tflite_code = 14,
    .tflite_options = 0,
    .tflite_version = version_3_for_int16,
    .default_attributes = default_attributes<LogisticAttributes>,
    .visit = visit_attributes<LogisticAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise_of<DType::float32, DType::int8, DType::int16>,
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
    .emit = unary_emit<LogisticAttributes, LogisticInt8, LogisticFloat32, LogisticInt16>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace logistic_op
}  // namespace

extern const OpDef logistic_def;
const OpDef logistic_def = logistic_op::kDef;

}  // namespace mote
