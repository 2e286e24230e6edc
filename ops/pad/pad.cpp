#include "ops/pad/pad.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace pad_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 2, 2));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8, DType::int16}));
  return infer_pad(attributes, inputs);
}

constexpr DeviceKernel kKernels[] = {{"pad_int8", &pad_int8}, {"pad_int16", &pad_int16}, {"pad_float32", &pad_float32}};

// One more with int16, which PADV2 has not.
std::vector<OpCase> cases() {
  std::vector<OpCase> all = pad_cases();
  all.push_back(as_int16(all[1]));
  return all;
}

OpCase random_case(Random& random) {
  OpCase result = pad_random_case(random);
  return random.below(4) == 0 ? as_int16(result) : result;
}

constexpr OpDef kDef = {
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
    .cases = cases,
    .random_case = random_case,
    .overlap = overlap_of_pad,
};

}  // namespace pad_op
}  // namespace

extern const OpDef pad_def;
const OpDef pad_def = pad_op::kDef;

}  // namespace mote
