#include "ops/call_once/call_once.h"

#include "ops/op_families.h"

namespace mote {

namespace {
namespace call_once_op {

// In a graph the variables begin at zero, which is all that the subgraph may say.
Result<std::vector<Shape>> infer(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 0, 0));
  return std::vector<Shape>();
}

void forward(const FloatCall&) {}

Result<std::string> emit(const EmitCall&) {
  return std::string();
}

constexpr DeviceKernel kKernels[] = {{"call_once_any", &call_once_any}};

constexpr OpDef kDef = {
    .name = "call_once",
    .tflite_name = "CALL_ONCE",
    .tflite_code = 129,
    .tflite_options = 103,
    .tflite_version = version_1,
    .default_attributes = default_attributes<CallOnceAttributes>,
    .visit = visit_attributes<CallOnceAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = forward,
    .backward = nullptr,
    .not_trainable = "it has no output",
    .float_workspace = nullptr,
    .quant = {{}, 0, OutputRule::number, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/call_once/call_once.h",
    .kernels = kKernels,
    .emit = emit,
    .cases = nullptr,
    .random_case = nullptr,
};

}  // namespace call_once_op
}  // namespace

extern const OpDef call_once_def;
const OpDef call_once_def = call_once_op::kDef;

}  // namespace mote
