// What the host code of the operators that move elements has in common (device/strided_copy.h, device/axis_parts.h).
// Host only.
#pragma once
#include "device/strided_copy.h"
#include "ops/op_families.h"

namespace mote {

// Data of any type whose elements have a size.
Result<void> expect_movable(std::span<const TensorType> inputs, size_t index);

// The numbers of the constant int32 input `index`.
Result<std::vector<int32_t>> constant_operand(std::span<const TensorType> inputs,
                                              std::span<const std::span<const uint8_t>> constants, size_t index);

// One line about shapes that do not fit: "its input of shape 2x3 breaks the rule: ...".
Error broken_rule(const TensorType& input, const char* rule);

// Takes the constant inputs from number `first` on. kRule, in words: what is expected of them.
template <class Values, const char* kRule>
Result<void> read_operands_from(size_t first, size_t data, Attributes& attributes, std::span<const TensorType> inputs,
                                std::span<const std::span<const uint8_t>> constants) {
  if (inputs.size() != 1 + Values::kOperands || inputs[data].shape.rank < 0) return {};  // infer says what is wrong
  std::vector<int32_t> values[Values::kOperands];
  Integers operands[Values::kOperands];
  for (size_t i = 0; i < std::size(values); ++i) {
    MOTE_TRY(values[i], constant_operand(inputs, constants, first + i));
    operands[i] = {values[i].data(), static_cast<int32_t>(values[i].size())};
  }
  auto taken = attributes.as<Values>();
  if (!take_operands(taken, inputs[data].shape, operands)) return broken_rule(inputs[data], kRule);
  attributes = Attributes::of(taken);
  return {};
}

template <class Values, const char* kRule>
Result<void> read_operands(Attributes& attributes, std::span<const TensorType> inputs,
                           std::span<const std::span<const uint8_t>> constants) {
  return read_operands_from<Values, kRule>(1, 0, attributes, inputs, constants);
}

// --- views of one input ---

template <class Values, const char* kRule>
Result<std::vector<Shape>> infer_view(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1 + Values::kOperands, 1 + Values::kOperands));
  MOTE_CHECK(expect_movable(inputs, 0));
  StridedView view;
  if (!view_of(attributes.as<Values>(), inputs[0].shape, view)) return broken_rule(inputs[0], kRule);
  return std::vector{view.shape};
}

struct FloatView {
  StridedCopy copy;
  StepGroups groups;
};

template <class Values>
FloatView float_view(const FloatCall& call) {
  FloatView result{};
  view_setup(call.attributes->as<Values>(), float_info(call.input_shapes[0]), float_info(call.output_shapes[0]),
             result.copy, result.groups);
  return result;
}

template <class Values>
void view_forward(const FloatCall& call) {
  const FloatView view = float_view<Values>(call);
  strided_copy(view.copy, view.groups.groups, call.inputs[0], call.outputs[0]);
}

// The same walk, the other way; what the view leaves out has no gradient.
template <class Values>
void view_backward(const FloatCall& call) {
  float* const dx = call.input_gradients[0];
  if (dx == nullptr) return;
  const FloatView view = float_view<Values>(call);
  std::fill_n(dx, call.input_shapes[0].elements(), 0.0f);
  uint8_t* const to = reinterpret_cast<uint8_t*>(dx) + view.copy.from;
  const auto* const from = reinterpret_cast<const uint8_t*>(call.output_gradients[0]);
  for_each_step(view.groups.groups, view.groups.count, to, from,
                [&](uint8_t& x, const uint8_t& y) { std::memcpy(&x, &y, static_cast<size_t>(view.copy.run)); });
}

template <class Values>
Result<std::string> view_emit(const EmitCall& call) {
  StridedCopy p{};
  StepGroups groups;
  const Status status = view_setup(call.attributes->as<Values>(), tensor_info(call.input_types[0]),
                                   tensor_info(call.output_types[0]), p, groups);
  if (status != Status::ok) return refused(status);
  return fmt::format(
      "  static constexpr StridedCopy p = {{{}, {}, {}}};\n  static constexpr StepGroup groups[] = {};\n"
      "  strided_copy(p, groups, {}, {});\n",
      p.run, p.from, p.count, text_of(groups), call.inputs[0], call.outputs[0]);
}

// A case of data and the constant inputs after it.
OpCase move_case(const char* name, Shape input, std::vector<std::vector<int32_t>> operands, uint32_t seed,
                 DType type = DType::int8);
// Up to `most` dimensions of 1 to 9, of 1 to 5 where there are more than two.
Shape random_shape(Random& random, int32_t most);

template <class Values>
std::vector<OpCase> with_attributes(std::vector<OpCase> cases, const Values& values = {}) {
  for (OpCase& each : cases) each.attributes = Attributes::of(values);
  return cases;
}

inline constexpr QuantRule kMovesOneInput = {
    {InputRole::activation, InputRole::constant, InputRole::constant, InputRole::constant},
    0,
    OutputRule::same_as_input,
    0,
    0};

}  // namespace mote
