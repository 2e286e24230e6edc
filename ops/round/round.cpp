#include "ops/round/round.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const RoundFloat32& p) {
  return fmt::format("RoundFloat32 p = {{{}}}", p.count);
}

namespace {
namespace round_op {

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(RoundAttributes{}), -5, 5);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(RoundAttributes{}), -5, 5);
}

constexpr DeviceKernel kKernels[] = {{"round_float32", &round_float32}};

constexpr OpDef kDef = {
    .name = "round",
    .tflite_name = "ROUND",
    .tflite_code = 116,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<RoundAttributes>,
    .visit = visit_attributes<RoundAttributes>,
    .read_constants = nullptr,
    .infer = infer_float_elementwise,
    .cost = no_cost,
    .forward = unary_forward<RoundAttributes, RoundFloat32>,
    .backward = nullptr,
    .not_trainable = "its slope is 0 wherever it has one",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/round/round.h",
    .kernels = kKernels,
    .emit = unary_emit_as<RoundAttributes, RoundFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace round_op
}  // namespace

extern const OpDef round_def;
const OpDef round_def = round_op::kDef;

}  // namespace mote
