#include "ops/hard_swish/hard_swish.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const Multiplier16& m) {
  return fmt::format("{{{}, {}}}", m.multiplier, m.shift);
}

static std::string text_of(const HardSwishInt8& p) {
  return fmt::format("HardSwishInt8 p = {{{}, {}, {}, {}, {}}}", p.count, text_of(p.output), text_of(p.factor),
                     p.input_zero_point, p.output_zero_point);
}

static std::string text_of(const HardSwishFloat32& p) {
  return fmt::format("HardSwishFloat32 p = {{{}}}", p.count);
}

namespace {
namespace hard_swish_op {

// x (x + 3) / 6 between the ends.
float slope(const HardSwishAttributes&, float x, float) {
  return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(HardSwishAttributes{}), -5, 5);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(HardSwishAttributes{}), -5, 5);
}

constexpr DeviceKernel kKernels[] = {{"hard_swish_int8", &hard_swish_int8},
                                     {"hard_swish_float32", &hard_swish_float32}};

constexpr OpDef kDef = {
    .name = "hard_swish",
    .tflite_name = "HARD_SWISH",
    .tflite_code = 117,
    .tflite_options = 91,
    .tflite_version = version_1,
    .default_attributes = default_attributes<HardSwishAttributes>,
    .visit = visit_attributes<HardSwishAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise,
    .cost = no_cost,
    .forward = unary_forward<HardSwishAttributes, HardSwishFloat32>,
    .backward = unary_backward<HardSwishAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/hard_swish/hard_swish.h",
    .kernels = kKernels,
    .emit = unary_emit<HardSwishAttributes, HardSwishInt8, HardSwishFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace hard_swish_op
}  // namespace

extern const OpDef hard_swish_def;
const OpDef hard_swish_def = hard_swish_op::kDef;

}  // namespace mote
