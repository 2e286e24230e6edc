#include "ops/neg/neg.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const NegFloat32& p) {
  return fmt::format("NegFloat32 p = {{{}}}", p.count);
}

namespace {
namespace neg_op {

float slope(const NegAttributes&, float, float) {
  return -1;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(NegAttributes{}), -3, 4);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(NegAttributes{}), -3, 4);
}

constexpr DeviceKernel kKernels[] = {{"neg_float32", &neg_float32}};

constexpr OpDef kDef = {
    .name = "neg",
    .tflite_name = "NEG",
    .tflite_code = 59,
    .tflite_options = 42,
    .tflite_version = version_1,
    .default_attributes = default_attributes<NegAttributes>,
    .visit = visit_attributes<NegAttributes>,
    .read_constants = nullptr,
    .infer = infer_float_elementwise,
    .cost = no_cost,
    .forward = unary_forward<NegAttributes, NegFloat32>,
    .backward = unary_backward<NegAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 0,
    .in_place = true,
    .device_header = "ops/neg/neg.h",
    .kernels = kKernels,
    .emit = unary_emit_as<NegAttributes, NegFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace neg_op
}  // namespace

extern const OpDef neg_def;
const OpDef neg_def = neg_op::kDef;

}  // namespace mote
