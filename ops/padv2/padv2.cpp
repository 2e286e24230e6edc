#include "ops/padv2/padv2.h"

#include "ops/move_families.h"

namespace mote {

namespace {
namespace padv2_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 3, 3));
  return infer_pad(attributes, inputs);
}

// PAD's case with a constant value.
OpCase with_value(OpCase item) {
  item.inputs.push_back(make_shape({1}));
  item.constants.emplace_back();
  item.constant_operands = 4;
  return item;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> cases = pad_cases();
  for (OpCase& each : cases) each = with_value(std::move(each));
  cases.back().constant_operands = 0;  // computed while the model runs
  return cases;
}

OpCase random_case(Random& random) {
  return with_value(pad_random_case(random));
}

constexpr DeviceKernel kKernels[] = {{"padv2_int8", &padv2_int8}, {"padv2_float32", &padv2_float32}};

constexpr OpDef kDef = {
    .name = "padv2",
    .tflite_name = "PADV2",
    .tflite_code = 60,
    .tflite_options = 43,
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
    .quant = {{InputRole::activation, InputRole::constant, InputRole::activation}, 0, OutputRule::same_as_input, 0, 0},
    .int8_tolerance = 0,
    .in_place = false,
    .device_header = "ops/padv2/padv2.h",
    .kernels = kKernels,
    .emit = pad_emit,
    .cases = cases,
    .random_case = random_case,
    .overlap = overlap_of_pad,
};

}  // namespace padv2_op
}  // namespace

extern const OpDef padv2_def;
const OpDef padv2_def = padv2_op::kDef;

}  // namespace mote
