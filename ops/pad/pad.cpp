#include "ops/pad/pad.h"

#include "ops/move_families.h"

namespace mote {

namespace {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  return infer_pad(attributes, inputs);
}

constexpr DeviceKernel kKernels[] = {{"pad_int8", &pad_int8}, {"pad_float32", &pad_float32}};

}  // namespace

extern const OpDef pad_def;
const OpDef pad_def = {
    .name = "pad",
    .tflite_name = "PAD",
    .tflite_code = 34,
    .tflite_options = 22,
    .tflite_version = pad_version,
    .default_attributes = default_attributes<PadAttributes>,
    .visit = visit_attributes<PadAttributes>,
    .read_constants = read_paddings,
    .infer = infer,
    .cost = no_cost,
    .forward = pad_forward,
    .backward = pad_backward,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = kMovesOneInput,
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/pad/pad.h",
    .kernels = kKernels,
    .emit = pad_emit,
    .cases = pad_cases,
    .random_case = pad_random_case,
    .overlap = overlap_of_pad,
};

}  // namespace mote
