#include "ops/l2_normalization/l2_normalization.h"

#include "ops/op_families.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

static std::string text_of(const L2NormalizationInt8& p) {
  return fmt::format("L2NormalizationInt8 p = {{{}, {}, {}}}", p.rows, p.depth, p.input_zero_point);
}

static std::string text_of(const L2NormalizationFloat32& p) {
  return fmt::format("L2NormalizationFloat32 p = {{{}, {}}}", p.rows, p.depth);
}

namespace {
namespace l2_normalization_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  if (attributes.as<L2NormalizationAttributes>().activation != Activation::none)
    return input_error("it has a fused activation; mote runs it without");
  return infer_rows(attributes, inputs);
}

// dx = (dy - y sum_j y_j dy_j) / norm in each row; below 1e-6 the divisor is a constant.
void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  const int32_t depth = call.output_shapes[0].last();
  const float *x = call.inputs[0], *y = call.outputs[0], *dy = call.output_gradients[0];
  float* dx = call.input_gradients[0];
  for (int32_t row = call.output_shapes[0].elements() / depth; row > 0; --row) {
    const float norm = sqrt_float(simd().dot(depth, x, x));
    const float along = norm < 1e-6f ? 0 : simd().dot(depth, y, dy);
    for (int32_t i = 0; i < depth; ++i) dx[i] = (dy[i] - y[i] * along) / (norm < 1e-6f ? 1e-6f : norm);
    x += depth, y += depth, dy += depth, dx += depth;
  }
}

std::vector<OpCase> cases() {
  return {case_of("one", {make_shape({1, 1})}, 1, 1, 2), case_of("rows", {make_shape({2, 2, 7})}, 2, -6, 6),
          case_of("embedding", {make_shape({1, 64})}, 3, -1, 3)};
}

OpCase random_case(Random& random) {
  return unary_random_case(random, Attributes::of(L2NormalizationAttributes{}), -4, 3);
}

constexpr DeviceKernel kKernels[] = {{"l2_normalization_int8", &l2_normalization_int8},
                                     {"l2_normalization_float32", &l2_normalization_float32}};

constexpr OpDef kDef = {
    .name = "l2_normalization",
    .tflite_name = "L2_NORMALIZATION",
    .tflite_code = 11,
    .tflite_options = 12,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<L2NormalizationAttributes>,
    .visit = visit_attributes<L2NormalizationAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = rows_forward<L2NormalizationAttributes, L2NormalizationFloat32>,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::fixed, 1.0f / 128, 0},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/l2_normalization/l2_normalization.h",
    .kernels = kKernels,
    .emit = rows_emit<L2NormalizationAttributes, L2NormalizationInt8, L2NormalizationFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace l2_normalization_op
}  // namespace

extern const OpDef l2_normalization_def;
const OpDef l2_normalization_def = l2_normalization_op::kDef;

}  // namespace mote
