#include "ops/tanh/tanh.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const TanhInt8& p) {
  return fmt::format("TanhInt8 p = {{{}, {}}}", p.count,
                     fmt::format("{{{}, {}, {}}}", text_of(p.input.multiplier), p.input.zero_point, p.input.radius));
}

static std::string text_of(const TanhInt16& p) {
  return fmt::format("TanhInt16 p = {{{}, {{{}, {}}}}}", p.count, p.input.multiplier, p.input.shift);
}

static std::string text_of(const TanhFloat32& p) {
  return fmt::format("TanhFloat32 p = {{{}}}", p.count);
}

namespace {
namespace tanh_op {

float slope(const TanhAttributes&, float, float y) {
  return 1 - y * y;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = unary_cases(Attributes::of(TanhAttributes{}), -4, 4);
  for (size_t i : {0, 1, 2}) all.push_back(as_int16(all[i]));
  for (const float scale : {0x1p-12f, 0x1p-11f, 0x1p-13f}) {
    all.push_back(as_int16(all[1]));
    all.back().name += fmt::format("_{}", 1 / scale);
    all.back().integer_types = {{DType::int16, {}, {{scale}, {0}, 0}}, {DType::int16, {}, {{0x1p-15f}, {0}, 0}}};
  }
  return all;
}

OpCase random_case(Random& random) {
  const OpCase result = unary_random_case(random, Attributes::of(TanhAttributes{}), -4, 4);
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {
    {"tanh_int8", &tanh_int8}, {"tanh_int16", &tanh_int16}, {"tanh_float32", &tanh_float32}};

constexpr OpDef kDef = {
    .name = "tanh",
    .tflite_name = "TANH",
    .tflite_code = 28,
    .tflite_options = 0,
    .tflite_version = version_3_for_int16,
    .default_attributes = default_attributes<TanhAttributes>,
    .visit = visit_attributes<TanhAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise_of<DType::float32, DType::int8, DType::int16>,
    .cost = no_cost,
    .forward = unary_forward<TanhAttributes, TanhFloat32>,
    .backward = unary_backward<TanhAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::fixed, 1.0f / 128, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/tanh/tanh.h",
    .kernels = kKernels,
    .emit = unary_emit<TanhAttributes, TanhInt8, TanhFloat32, TanhInt16>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace tanh_op
}  // namespace

extern const OpDef tanh_def;
const OpDef tanh_def = tanh_op::kDef;

}  // namespace mote
