#include "ops/reduce_min/reduce_min.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const ReduceMinInt8& p) {
  return fmt::format("ReduceMinInt8 p = {{{}}}", text_of(p.reduction));
}

static std::string text_of(const ReduceMinFloat32& p) {
  return fmt::format("ReduceMinFloat32 p = {{{}}}", text_of(p.reduction));
}

namespace {
namespace reduce_min_op {

// To the least; where several are, to each of them.
void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  reduce_backward(call, [](float x, float y) { return x == y ? 1.0f : 0.0f; });
}

constexpr DeviceKernel kKernels[] = {{"reduce_min_int8", &reduce_min_int8},
                                     {"reduce_min_float32", &reduce_min_float32}};

constexpr OpDef kDef = {
    .name = "reduce_min",
    .tflite_name = "REDUCE_MIN",
    .tflite_code = 89,
    .tflite_options = 27,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<ReduceAttributes>,
    .visit = visit_attributes<ReduceAttributes>,
    .read_constants = read_reduce_axes,
    .infer = infer_reduce,
    .cost = no_cost,
    .forward = reduce_forward<ReduceMinFloat32>,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/reduce_min/reduce_min.h",
    .kernels = kKernels,
    .emit = reduce_emit<ReduceMinInt8, ReduceMinFloat32>,
    .cases = reduce_cases,
    .random_case = reduce_random_case,
};

}  // namespace reduce_min_op
}  // namespace

extern const OpDef reduce_min_def;
const OpDef reduce_min_def = reduce_min_op::kDef;

}  // namespace mote
