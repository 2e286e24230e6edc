#include "ops/read_variable/read_variable.h"

#include "ops/op_families.h"

namespace mote {

namespace {
namespace read_variable_op {

Result<std::vector<Shape>> infer(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  return std::vector{inputs[0].shape};
}

void forward(const FloatCall& call) {
  std::copy_n(call.inputs[0], call.output_shapes[0].elements(), call.outputs[0]);
}

Result<std::string> emit(const EmitCall& call) {
  return fmt::format("  __builtin_memcpy({}, {}, {});\n", call.outputs[0], call.inputs[0], call.input_types[0].bytes());
}

constexpr DeviceKernel kKernels[] = {{"read_variable_any", &read_variable_any}};

constexpr OpDef kDef = {
    .name = "read_variable",
    .tflite_name = "READ_VARIABLE",
    .tflite_code = 143,
    .tflite_options = 112,
    .tflite_version = version_1,
    .default_attributes = default_attributes<ReadVariableAttributes>,
    .visit = visit_attributes<ReadVariableAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "its input is no output of a layer",
    .float_workspace = nullptr,
    .quant = {{InputRole::state}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/read_variable/read_variable.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = nullptr,
    .random_case = nullptr,
};

}  // namespace read_variable_op
}  // namespace

extern const OpDef read_variable_def;
const OpDef read_variable_def = read_variable_op::kDef;

}  // namespace mote
