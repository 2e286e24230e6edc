#include "ops/assign_variable/assign_variable.h"

#include "ops/op_families.h"

namespace mote {

namespace {
namespace assign_variable_op {

Result<std::vector<Shape>> infer(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  if (inputs[0].dtype != inputs[1].dtype || inputs[0].shape != inputs[1].shape)
    return input_error(fmt::format("it assigns {} {} to a variable of {} {}; expected the same type and shape",
                                   to_string(inputs[1].dtype), to_string(inputs[1].shape), to_string(inputs[0].dtype),
                                   to_string(inputs[0].shape)));
  return std::vector<Shape>();
}

void forward(const FloatCall&) {}  // every call is the first inference after a reset

Result<std::string> emit(const EmitCall& call) {
  return fmt::format("  __builtin_memcpy({}, {}, {});\n", call.inputs[0], call.inputs[1], call.input_types[0].bytes());
}

constexpr DeviceKernel kKernels[] = {{"assign_variable_any", &assign_variable_any}};

constexpr OpDef kDef = {
    .name = "assign_variable",
    .tflite_name = "ASSIGN_VARIABLE",
    .tflite_code = 144,
    .tflite_options = 113,
    .tflite_version = version_1,
    .default_attributes = default_attributes<AssignVariableAttributes>,
    .visit = visit_attributes<AssignVariableAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "it has no output",
    .float_workspace = nullptr,
    .quant = {{InputRole::state, InputRole::activation}, 0, OutputRule::number, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/assign_variable/assign_variable.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = nullptr,
    .random_case = nullptr,
};

}  // namespace assign_variable_op
}  // namespace

extern const OpDef assign_variable_def;
const OpDef assign_variable_def = assign_variable_op::kDef;

}  // namespace mote
