#include "ops/sum/sum.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const SumInt8& p) {
  return fmt::format("SumInt8 p = {{{}, {}, {}, {}}}", text_of(p.reduction), text_of(p.scale), p.input_zero_points,
                     p.output_zero_point);
}

static std::string text_of(const SumFloat32& p) {
  return fmt::format("SumFloat32 p = {{{}}}", text_of(p.reduction));
}

namespace {
namespace sum_op {

// Every element moves its sum as much as itself.
void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  reduce_backward(call, [](float, float) { return 1.0f; });
}

constexpr DeviceKernel kKernels[] = {{"sum_int8", &sum_int8}, {"sum_float32", &sum_float32}};

constexpr OpDef kDef = {
    .name = "sum",
    .tflite_name = "SUM",
    .tflite_code = 74,
    .tflite_options = 27,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<ReduceAttributes>,
    .visit = visit_attributes<ReduceAttributes>,
    .read_constants = read_reduce_axes,
    .infer = infer_reduce,
    .cost = no_cost,
    .forward = reduce_forward<SumFloat32>,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::free, 0, 0},
    .int8_tolerance = 1,
    .in_place = false,
    .device_header = "ops/sum/sum.h",
    .kernels = kKernels,
    .emit = reduce_emit<SumInt8, SumFloat32>,
    .cases = reduce_cases,
    .random_case = reduce_random_case,
};

}  // namespace sum_op
}  // namespace

extern const OpDef sum_def;
const OpDef sum_def = sum_op::kDef;

}  // namespace mote
