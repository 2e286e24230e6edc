#include "ops/leaky_relu/leaky_relu.h"

#include "ops/op_families.h"

namespace mote {

template <class T>
static std::string text_of(const LeakyReluOf<T>& p) {
  return fmt::format("LeakyReluOf<int{}_t> p = {{{}, {}, {}, {}, {}, {}}}", 8 * sizeof(T), p.count, text_of(p.positive),
                     text_of(p.negative), p.sign, p.input_zero_point, p.output_zero_point);
}

static std::string text_of(const LeakyReluFloat32& p) {
  return fmt::format("LeakyReluFloat32 p = {{{}, {}}}", p.count, cpp_float(p.alpha));
}

namespace {
namespace leaky_relu_op {

float slope(const LeakyReluAttributes& a, float x, float) {
  return x > 0 ? 1 : a.alpha;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = unary_cases(Attributes::of(LeakyReluAttributes{0.2f}), -3, 3);
  all.push_back(as_int16(all[1]));
  return all;
}

OpCase random_case(Random& random) {
  const LeakyReluAttributes attributes{static_cast<float>(random.uniform(0, 1.5))};
  OpCase result = unary_random_case(random, Attributes::of(attributes), -3, 3);
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr DeviceKernel kKernels[] = {{"leaky_relu_int8", &leaky_relu_int8},
                                     {"leaky_relu_int16", &leaky_relu_int16},
                                     {"leaky_relu_float32", &leaky_relu_float32}};

constexpr OpDef kDef = {
    .name = "leaky_relu",
    .tflite_name = "LEAKY_RELU",
    .tflite_code = 98,
    .tflite_options = 75,
    .tflite_version = version_2_for_int16,
    .default_attributes = default_attributes<LeakyReluAttributes>,
    .visit = visit_attributes<LeakyReluAttributes>,
    .read_constants = nullptr,
    .infer = infer_elementwise_of<DType::float32, DType::int8, DType::int16>,
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
    .emit = unary_emit<LeakyReluAttributes, LeakyReluInt8, LeakyReluFloat32, LeakyReluInt16>,
    .cases = cases,
    .random_case = random_case,
    .row_rule = rows_of_elements,
};

}  // namespace leaky_relu_op
}  // namespace

extern const OpDef leaky_relu_def;
const OpDef leaky_relu_def = leaky_relu_op::kDef;

}  // namespace mote
