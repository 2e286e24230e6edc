#include "ops/max_pool_2d/max_pool_2d.h"

#include <algorithm>

#include "ops/op_families.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {
namespace max_pool_2d_op {

void backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  const auto p = float_pool<MaxPool2D<float>>(call);
  if (!covers_once(p.g)) std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  for_each_windows(p.g, [&](const PoolWindows& w, int32_t at) {
    simd().max_pool_backward(w, p.g.channels, call.inputs[0] + w.window.first, call.line, call.outputs[0] + at,
                             call.output_gradients[0] + at, {p.low, p.high}, dx + w.window.first);
  });
}

Result<std::string> emit(const EmitCall& call) {
  const DType type = call.input_types[0].dtype;
  return type == DType::float32 ? pool_emit_as<MaxPool2D<float>>("MaxPool2D<float>", call)
         : type == DType::int16 ? pool_emit_as<MaxPool2D<int16_t>>("MaxPool2D<int16_t>", call)
                                : pool_emit_as<MaxPool2D<int8_t>>("MaxPool2D<int8_t>", call);
}

constexpr DeviceKernel kKernels[] = {{"max_pool_2d_int8", &max_pool_2d_int8},
                                     {"max_pool_2d_int16", &max_pool_2d_int16},
                                     {"max_pool_2d_float32", &max_pool_2d_float32}};

constexpr OpDef kDef = {
    .name = "max_pool_2d",
    .tflite_name = "MAX_POOL_2D",
    .tflite_code = 17,
    .tflite_options = 5,
    .tflite_version = version_3_for_int16,
    .default_attributes = default_attributes<PoolAttributes>,
    .visit = visit_attributes<PoolAttributes>,
    .read_constants = nullptr,
    .infer = infer_pool,
    .cost = no_cost,
    .forward = pool_forward<MaxPool2D<float>, &SimdKernels::max_pool>,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/max_pool_2d/max_pool_2d.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = pool_cases,
    .random_case = pool_random_case,
    .takes_line = true,
    .overlap = overlap_of_pool,
    .row_rule = rows_of_pool,
};

}  // namespace max_pool_2d_op
}  // namespace

extern const OpDef max_pool_2d_def;
const OpDef max_pool_2d_def = max_pool_2d_op::kDef;

}  // namespace mote
