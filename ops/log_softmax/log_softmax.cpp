#include "ops/log_softmax/log_softmax.h"

#include "ops/op_families.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

static std::string text_of(const LogSoftmaxInt8& p) {
  return fmt::format("LogSoftmaxInt8 p = {{{}, {}, {}, {}, {}}}", p.rows, p.depth, text_of(p.to_q5), text_of(p.from_q5),
                     p.least_difference);
}

static std::string text_of(const LogSoftmaxFloat32& p) {
  return fmt::format("LogSoftmaxFloat32 p = {{{}, {}}}", p.rows, p.depth);
}

namespace {
namespace log_softmax_op {

// dx = dy - exp(y) sum_j dy_j in each row
void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  const int32_t depth = call.output_shapes[0].last();
  const float *y = call.outputs[0], *dy = call.output_gradients[0];
  float* dx = call.input_gradients[0];
  for (int32_t row = call.output_shapes[0].elements() / depth; row > 0; --row, y += depth, dy += depth, dx += depth) {
    const float sum = simd().sum(depth, dy);
    for (int32_t i = 0; i < depth; ++i) dx[i] = dy[i] - exp_float(y[i]) * sum;
  }
}

std::vector<OpCase> cases() {
  return {case_of("one_class", {make_shape({1, 1})}, 1, -1, 1), case_of("rows", {make_shape({2, 2, 7})}, 2, -6, 6),
          case_of("saturates", {make_shape({1, 12})}, 3, -60, 60)};
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(LogSoftmaxAttributes{}), -4, 4);
}

constexpr DeviceKernel kKernels[] = {{"log_softmax_int8", &log_softmax_int8},
                                     {"log_softmax_float32", &log_softmax_float32}};

constexpr OpDef kDef = {
    .name = "log_softmax",
    .tflite_name = "LOG_SOFTMAX",
    .tflite_code = 50,
    .tflite_options = 36,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<LogSoftmaxAttributes>,
    .visit = visit_attributes<LogSoftmaxAttributes>,
    .read_constants = nullptr,
    .infer = infer_rows,
    .cost = no_cost,
    .forward = rows_forward<LogSoftmaxAttributes, LogSoftmaxFloat32>,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::fixed, 16.0f / 256, 127},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/log_softmax/log_softmax.h",
    .kernels = kKernels,
    .emit = rows_emit<LogSoftmaxAttributes, LogSoftmaxInt8, LogSoftmaxFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace log_softmax_op
}  // namespace

extern const OpDef log_softmax_def;
const OpDef log_softmax_def = log_softmax_op::kDef;

}  // namespace mote
