#include "ops/reduce_max/reduce_max.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const ReduceMaxInt8& p) {
  return fmt::format("ReduceMaxInt8 p = {{{}}}", text_of(p.reduction));
}

static std::string text_of(const ReduceMaxFloat32& p) {
  return fmt::format("ReduceMaxFloat32 p = {{{}}}", text_of(p.reduction));
}

namespace {
namespace reduce_max_op {

// To the greatest; where several are, to each of them.
void backward(const FloatCall& call) {
  if (call.input_gradients[0] == nullptr) return;
  reduce_backward(call, [](float x, float y) { return x == y ? 1.0f : 0.0f; });
}

constexpr DeviceKernel kKernels[] = {{"reduce_max_int8", &reduce_max_int8},
                                     {"reduce_max_float32", &reduce_max_float32}};

constexpr OpDef kDef = {
    .name = "reduce_max",
    .tflite_name = "REDUCE_MAX",
    .tflite_code = 82,
    .tflite_options = 27,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<ReduceAttributes>,
    .visit = visit_attributes<ReduceAttributes>,
    .read_constants = read_reduce_axes,
    .infer = infer_reduce,
    .cost = no_cost,
    .forward = reduce_forward<ReduceMaxFloat32>,
    .backward = backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/reduce_max/reduce_max.h",
    .kernels = kKernels,
    .emit = reduce_emit<ReduceMaxInt8, ReduceMaxFloat32>,
    .cases = reduce_cases,
    .random_case = reduce_random_case,
};

}  // namespace reduce_max_op
}  // namespace

extern const OpDef reduce_max_def;
const OpDef reduce_max_def = reduce_max_op::kDef;

}  // namespace mote
