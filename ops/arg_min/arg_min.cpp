#include "ops/arg_min/arg_min.h"

#include "ops/op_families.h"

namespace mote {

namespace {
namespace arg_min_op {

constexpr DeviceKernel kKernels[] = {{"arg_min_int8", &arg_min_int8}, {"arg_min_float32", &arg_min_float32}};

constexpr OpDef kDef = {
    .name = "arg_min",
    .tflite_name = "ARG_MIN",
    .tflite_code = 79,
    .tflite_options = 57,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<ArgAttributes>,
    .visit = visit_attributes<ArgAttributes>,
    .read_constants = read_arg_axis,
    .infer = infer_arg,
    .cost = no_cost,
    .forward = arg_forward<false>,
    .backward = nullptr,
    .not_trainable = "an index does not change with its input",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::number, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/arg_min/arg_min.h",
    .kernels = kKernels,
    .emit = arg_emit<false>,
    .cases = arg_cases,
    .random_case = arg_random_case,
};

}  // namespace arg_min_op
}  // namespace

extern const OpDef arg_min_def;
const OpDef arg_min_def = arg_min_op::kDef;

}  // namespace mote
