#include "ops/arg_max/arg_max.h"

#include "ops/op_families.h"

namespace mote {

namespace {
namespace arg_max_op {

constexpr DeviceKernel kKernels[] = {{"arg_max_int8", &arg_max_int8}, {"arg_max_float32", &arg_max_float32}};

constexpr OpDef kDef = {
    .name = "arg_max",
    .tflite_name = "ARG_MAX",
    .tflite_code = 56,
    .tflite_options = 40,
    .tflite_version = version_2_for_int8,
    .default_attributes = default_attributes<ArgAttributes>,
    .visit = visit_attributes<ArgAttributes>,
    .read_constants = read_arg_axis,
    .infer = infer_arg,
    .cost = no_cost,
    .forward = arg_forward<true>,
    .backward = nullptr,
    .not_trainable = "an index does not change with its input",
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::constant}, 0, OutputRule::number, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/arg_max/arg_max.h",
    .kernels = kKernels,
    .emit = arg_emit<true>,
    .cases = arg_cases,
    .random_case = arg_random_case,
};

}  // namespace arg_max_op
}  // namespace

extern const OpDef arg_max_def;
const OpDef arg_max_def = arg_max_op::kDef;

}  // namespace mote
