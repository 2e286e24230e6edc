#include "ops/average_pool_2d/average_pool_2d.h"

#include <algorithm>

#include "ops/op_families.h"
#include "toolchain/base/simd/simd.h"

namespace mote {

namespace {
namespace average_pool_2d_op {

void backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  const auto p = float_pool<AveragePool2DFloat32>(call);
  if (!covers_once(p.g)) std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  for_each_windows(p.g, [&](const PoolWindows& w, int32_t at) {
    simd().average_pool_backward(w, p.g.channels, call.outputs[0] + at, call.output_gradients[0] + at, {p.low, p.high},
                                 dx + w.window.first);
  });
}

Result<std::string> emit(const EmitCall& call) {
  const DType type = call.input_types[0].dtype;
  return type == DType::float32 ? pool_emit_as<AveragePool2DFloat32>("AveragePool2DFloat32", call)
         : type == DType::int16 ? pool_emit_as<AveragePool2DInt16>("AveragePool2DInt16", call)
                                : pool_emit_as<AveragePool2DInt8>("AveragePool2DInt8", call);
}

constexpr DeviceKernel kKernels[] = {{"average_pool_2d_int8", &average_pool_2d_int8},
                                     {"average_pool_2d_int16", &average_pool_2d_int16},
                                     {"average_pool_2d_float32", &average_pool_2d_float32}};

constexpr OpDef kDef = {
    .name = "average_pool_2d",
    .tflite_name = "AVERAGE_POOL_2D",
    .tflite_code = 1,
    .tflite_options = 5,
    .tflite_version = version_3_for_int16,
    .default_attributes = default_attributes<PoolAttributes>,
    .visit = visit_attributes<PoolAttributes>,
    .read_constants = nullptr,
    .infer = infer_pool,
    .cost = no_cost,
    .forward = pool_forward<AveragePool2DFloat32, &SimdKernels::average_pool>,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/average_pool_2d/average_pool_2d.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = pool_cases,
    .random_case = pool_random_case,
    .takes_line = true,
    .overlap = overlap_of_pool,
    .row_rule = rows_of_pool,
};

}  // namespace average_pool_2d_op
}  // namespace

extern const OpDef average_pool_2d_def;
const OpDef average_pool_2d_def = average_pool_2d_op::kDef;

}  // namespace mote
