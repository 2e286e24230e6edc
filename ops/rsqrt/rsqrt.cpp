#include "ops/rsqrt/rsqrt.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const RsqrtInt8& p) {
  return fmt::format("RsqrtInt8 p = {{{}, {}, {}, {}}}", p.count, text_of(p.scale), p.input_zero_point,
                     p.output_zero_point);
}

static std::string text_of(const RsqrtFloat32& p) {
  return fmt::format("RsqrtFloat32 p = {{{}}}", p.count);
}

namespace {
namespace rsqrt_op {

float slope(const RsqrtAttributes&, float x, float y) {
  return -0.5f * y / x;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(RsqrtAttributes{}), 0.5f, 4);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(RsqrtAttributes{}), 0.5f, 4);
}

constexpr DeviceKernel kKernels[] = {{"rsqrt_int8", &rsqrt_int8}, {"rsqrt_float32", &rsqrt_float32}};

constexpr OpDef kDef = {
    .name = "rsqrt",
    .tflite_name = "RSQRT",
    .tflite_code = 76,
    .tflite_options = 0,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<RsqrtAttributes>,
    .visit = visit_attributes<RsqrtAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise,
    .cost = no_cost,
    .forward = unary_forward<RsqrtAttributes, RsqrtFloat32>,
    .backward = unary_backward<RsqrtAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/rsqrt/rsqrt.h",
    .kernels = kKernels,
    .emit = unary_emit<RsqrtAttributes, RsqrtInt8, RsqrtFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace rsqrt_op
}  // namespace

extern const OpDef rsqrt_def;
const OpDef rsqrt_def = rsqrt_op::kDef;

}  // namespace mote
