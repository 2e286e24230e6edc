#include "ops/var_handle/var_handle.h"

#include "ops/op_families.h"

namespace mote {

namespace {
namespace var_handle_op {

// In a graph the variable itself stands for its handle, here as an input.
Result<std::vector<Shape>> infer(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  return std::vector<Shape>();
}

void forward(const FloatCall&) {}

Result<std::string> emit(const EmitCall&) {
  return std::string();
}

constexpr DeviceKernel kKernels[] = {{"var_handle_any", &var_handle_any}};

constexpr OpDef kDef = {
    .name = "var_handle",
    .tflite_name = "VAR_HANDLE",
    .tflite_code = 142,
    .tflite_options = 111,
    .tflite_version = version_1,
    .default_attributes = default_attributes<VarHandleAttributes>,
    .visit = visit_attributes<VarHandleAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "it has no output",
    .float_workspace = nullptr,
    .quant = {{InputRole::state}, 0, OutputRule::number, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/var_handle/var_handle.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = nullptr,
    .random_case = nullptr,
};

}  // namespace var_handle_op
}  // namespace

extern const OpDef var_handle_def;
const OpDef var_handle_def = var_handle_op::kDef;

}  // namespace mote
