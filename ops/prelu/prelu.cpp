#include "ops/prelu/prelu.h"

#include "ops/op_families.h"

namespace mote {

static std::string text_of(const PreluInt8& p) {
  return fmt::format("PreluInt8 p = {{{}, {}, {}, {}, {}, {}}}", p.groups, text_of(p.positive), text_of(p.negative),
                     p.zero_input, p.zero_alpha, p.zero_output);
}

static std::string text_of(const PreluFloat32& p) {
  return fmt::format("PreluFloat32 p = {{{}}}", p.groups);
}

namespace {
namespace prelu_op {

Result<std::vector<Shape>> infer(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_TRY(const auto shapes, infer_binary(attributes, inputs));
  if (shapes[0] != inputs[0].shape)
    return input_error(fmt::format("its alpha of shape {} is larger than its input of shape {}",
                                   to_string(inputs[1].shape), to_string(inputs[0].shape)));
  return shapes;
}

BinarySlopes slopes(const Attributes&, float x, float alpha, float) {
  return x >= 0 ? BinarySlopes{1, 0} : BinarySlopes{alpha, x};
}

// Alpha repeats, the input never does.
std::vector<OpCase> cases() {
  const Shape image = make_shape({1, 3, 4, 5});
  std::vector<OpCase> all = {case_of("one", {make_shape({1, 1}), make_shape({1})}, 1, -2, 2),
                             case_of("same_shape", {image, image}, 2, -2, 2),
                             case_of("channels", {image, make_shape({1, 1, 5})}, 3, -2, 2),
                             case_of("shared", {image, make_shape({4, 1})}, 4, -2, 2)};
  for (OpCase& each : all) each.constant_operands = 2;
  return all;
}

OpCase random_case(Random& random) {
  OpCase result = binary_random_case(random, Attributes::of(PreluAttributes{}), -2, 2);
  const Shape input = result.inputs[0];
  broadcast_shape(input, result.inputs[1], result.inputs[0]);
  return result;
}

constexpr DeviceKernel kKernels[] = {{"prelu_int8", &prelu_int8}, {"prelu_float32", &prelu_float32}};

constexpr OpDef kDef = {
    .name = "prelu",
    .tflite_name = "PRELU",
    .tflite_code = 54,
    .tflite_options = 0,
    .tflite_version = version_1,
    .default_attributes = default_attributes<PreluAttributes>,
    .visit = visit_attributes<PreluAttributes>,
    .read_constants = nullptr,
    .infer = infer,
    .cost = no_cost,
    .forward = binary_forward<PreluAttributes, PreluFloat32>,
    .backward = binary_backward<slopes>,
    .not_trainable = nullptr,
    .float_workspace = nullptr,
    .quant = {{InputRole::activation, InputRole::activation}, 0, OutputRule::free, 0, 0, 0b10},
    .int8_tolerance = 1,
    .in_place = true,
    .device_header = "ops/prelu/prelu.h",
    .kernels = kKernels,
    .emit = binary_emit<PreluAttributes, PreluInt8, PreluFloat32>,
    .cases = cases,
    .random_case = random_case,
};

}  // namespace prelu_op
}  // namespace

extern const OpDef prelu_def;
const OpDef prelu_def = prelu_op::kDef;

}  // namespace mote
