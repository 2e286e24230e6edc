#include "ops/leaky_relu/leaky_relu.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const LeakyReluInt8& p) {
  return fmt::format("LeakyReluInt8 p = {{{}, {}, {}, {}, {}, {}}}", p.count, text_of(p.positive), text_of(p.negative),
                     p.sign, p.input_zero_point, p.output_zero_point);
}

static std::string text_of(const LeakyReluFloat32& p) {
  return fmt::format("LeakyReluFloat32 p = {{{}, {}}}", p.count, cpp_float(p.alpha));
}

namespace {

float slope(const LeakyReluAttributes& a, float x, float) {
  return x > 0 ? 1 : a.alpha;
}

std::vector<OpCase> cases() {
  return unary_cases(Attributes::of(LeakyReluAttributes{0.2f}), -3, 3);
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(LeakyReluAttributes{static_cast<float>(random.uniform(0, 1.5))}), -3,
                           3);
}

constexpr DeviceKernel kKernels[] = {{"leaky_relu_int8", &leaky_relu_int8},
                                     {"leaky_relu_float32", &leaky_relu_float32}};

}  // namespace

extern const OpDef leaky_relu_def;
const OpDef leaky_relu_def = {
    .name = "leaky_relu",
    .tflite_name = "LEAKY_RELU",
    .tflite_code = 98,
    .tflite_options = 75,
    .tflite_version = version_1,
    .default_attributes = default_attributes<LeakyReluAttributes>,
    .visit = visit_attributes<LeakyReluAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise,
    .cost = no_cost,
    .forward = unary_forward<LeakyReluAttributes, LeakyReluFloat32>,
    .backward = unary_backward<LeakyReluAttributes, slope>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/leaky_relu/leaky_relu.h",
    .kernels = kKernels,
    .emit = unary_emit<LeakyReluAttributes, LeakyReluInt8, LeakyReluFloat32>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace mote
