// What the host code of the operators that move elements has in common (device/strided_copy.h, device/axis_parts.h).
// Host only.
#pragma once
#include <functional>

#include "device/axis_parts.h"
#include "device/resize.h"
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

// --- parts along an axis ---

// The shape of tensors joined along an axis, of which each operator says whether they are stacked.
Result<std::vector<Shape>> infer_joined(std::span<const TensorType> inputs, int32_t axis, bool stacked);
// Shapes of the parts: part(i, length of the whole) along the axis.
Result<std::vector<Shape>> infer_parts(const TensorType& whole, int32_t axis, bool stacked, int32_t count,
                                       const std::function<int32_t(int32_t, int32_t)>& part);

template <class Values>
Result<std::vector<Shape>> infer_join(const Attributes& attributes, std::span<const TensorType> inputs) {
  return infer_joined(inputs, attributes.as<Values>().axis, Values::kStacked);
}

template <class Values>
Result<std::vector<Shape>> infer_split(const Attributes& attributes, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1 + Values::kOperands, 1 + Values::kOperands));
  MOTE_CHECK(expect_movable(inputs, Values::kData));
  const auto a = attributes.as<Values>();
  return infer_parts(inputs[Values::kData], a.axis, Values::kStacked, part_count(a),
                     [&](int32_t i, int32_t length) { return part_length(a, i, length); });
}

struct HostParts {
  AxisParts parts;
  std::vector<int32_t> stretches;
};

// Status of a setup that the shapes have passed already.
template <class Values>
Result<HostParts> host_parts(const Attributes& attributes, const TensorInfo& whole,
                             const std::vector<TensorInfo>& parts) {
  HostParts result{};
  const auto part = [&](int32_t i) { return parts[static_cast<size_t>(i)]; };
  const Status status = parts_setup(whole, attributes.as<Values>().axis, Values::kStacked,
                                    static_cast<int32_t>(parts.size()), part, result.parts);
  if (status != Status::ok) return refused(status);
  for (const TensorInfo& each : parts) result.stretches.push_back(stretch_of(result.parts, each));
  return result;
}

template <class Values>
HostParts float_parts(const FloatCall& call, const Shape& whole, std::span<const Shape> parts) {
  std::vector<TensorInfo> infos;
  for (const Shape& shape : parts) infos.push_back(float_info(shape));
  auto made = host_parts<Values>(*call.attributes, float_info(whole), infos);
  return made.ok() ? std::move(*made) : HostParts{};
}

template <class T>
auto part_of(std::span<T* const> parts) {
  using Bytes = std::conditional_t<std::is_const_v<T>, const void*, void*>;
  return [parts](int32_t i) -> Bytes { return parts[static_cast<size_t>(i)]; };
}

template <class Values>
void join_forward(const FloatCall& call) {
  const HostParts p = float_parts<Values>(call, call.output_shapes[0], call.input_shapes);
  join_parts(p.parts, p.stretches.data(), part_of(call.inputs), call.outputs[0]);
}
template <class Values>
void join_backward(const FloatCall& call) {
  const HostParts p = float_parts<Values>(call, call.output_shapes[0], call.input_shapes);
  split_parts(p.parts, p.stretches.data(), call.output_gradients[0], part_of(call.input_gradients));
}

template <class Values>
void split_forward(const FloatCall& call) {
  const HostParts p = float_parts<Values>(call, call.input_shapes[Values::kData], call.output_shapes);
  split_parts(p.parts, p.stretches.data(), call.inputs[Values::kData], part_of(call.outputs));
}
template <class Values>
void split_backward(const FloatCall& call) {
  float* const dx = call.input_gradients[Values::kData];
  if (dx == nullptr) return;
  const HostParts p = float_parts<Values>(call, call.input_shapes[Values::kData], call.output_shapes);
  join_parts(p.parts, p.stretches.data(), part_of(call.output_gradients), dx);
}

std::vector<TensorInfo> tensor_infos(std::span<const TensorType> types);
// Declares `p` and `stretches`, and `part` as a function of the number of one of `parts`, each a `type*`.
std::string text_of(const HostParts& p, const char* type, std::span<const std::string> parts);

template <class Values>
Result<std::string> join_emit(const EmitCall& call) {
  MOTE_TRY(const HostParts p,
           host_parts<Values>(*call.attributes, tensor_info(call.output_types[0]), tensor_infos(call.input_types)));
  return fmt::format("{}  join_parts(p, stretches, part, {});\n", text_of(p, "const void", call.inputs),
                     call.outputs[0]);
}
template <class Values>
Result<std::string> split_emit(const EmitCall& call) {
  MOTE_TRY(const HostParts p, host_parts<Values>(*call.attributes, tensor_info(call.input_types[Values::kData]),
                                                 tensor_infos(call.output_types)));
  return fmt::format("{}  split_parts(p, stretches, {}, part);\n", text_of(p, "void", call.outputs),
                     call.inputs[Values::kData]);
}

// --- PAD and PADV2: where there is an input 2, it is the value ---

Result<void> read_paddings(Attributes& attributes, std::span<const TensorType> inputs,
                           std::span<const std::span<const uint8_t>> constants);
Result<std::vector<Shape>> infer_pad(const Attributes& attributes, std::span<const TensorType> inputs);
void pad_forward(const FloatCall& call);
void pad_backward(const FloatCall& call);
Result<std::string> pad_emit(const EmitCall& call);
// TFLite's versioning: 1 float, 2 int8, 3 beyond 4 dimensions.
int32_t pad_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>);
std::vector<OpCase> pad_cases();
OpCase pad_random_case(Random& random);
std::optional<Overlap> overlap_of_pad(const Attributes& attributes, std::span<const TensorType> inputs,
                                      const TensorType& output, PackedFor);

// --- SPACE_TO_BATCH_ND (kDeals) and BATCH_TO_SPACE_ND ---

Result<void> read_space_batch(Attributes& attributes, std::span<const TensorType> inputs,
                              std::span<const std::span<const uint8_t>> constants);
template <bool kDeals>
Result<std::vector<Shape>> infer_space_batch(const Attributes& attributes, std::span<const TensorType> inputs);
template <bool kDeals>
void space_batch_forward(const FloatCall& call);
template <bool kDeals>
void space_batch_backward(const FloatCall& call);
template <bool kDeals>
Result<std::string> space_batch_emit(const EmitCall& call);
// `around`: before and after of each axis.
OpCase space_batch_case(const char* name, Shape input, std::vector<int32_t> block, std::vector<int32_t> around,
                        uint32_t seed);
// TFLite's versioning: 1 float, 2 int8, 3 other than 4 dimensions.
int32_t space_batch_version(const Attributes&, std::span<const TensorType> inputs, std::span<const TensorType>);

// --- RESHAPE, SQUEEZE, EXPAND_DIMS ---

void reshape_forward(const FloatCall& call);
void reshape_backward(const FloatCall& call);
Result<std::string> reshape_emit(const EmitCall& call);

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

// --- RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR ---

inline constexpr char kResizeRule[] = "two numbers, its new height and width (input 1)";

Result<std::vector<Shape>> infer_resize_to(const ResizeAttributes& a, std::span<const TensorType> inputs);
template <class Values>
Result<std::vector<Shape>> infer_resize(const Attributes& attributes, std::span<const TensorType> inputs) {
  return infer_resize_to(attributes.as<Values>(), inputs);
}

// Larger and smaller by whole and by odd factors, one pixel, with each of the options.
std::vector<OpCase> resize_cases_of(bool align_corners, bool half_pixel_centers);
OpCase resize_random_sizes(Random& random);

template <class Values>
OpCase with_options(OpCase item, bool align_corners, bool half_pixel_centers) {
  Values values;
  values.align_corners = align_corners;
  values.half_pixel_centers = half_pixel_centers;
  item.attributes = Attributes::of(values);
  return item;
}
template <class Values>
std::vector<OpCase> resize_cases(const std::vector<std::pair<bool, bool>>& options) {
  std::vector<OpCase> all;
  for (const auto& [corners, centers] : options)
    for (OpCase& each : resize_cases_of(corners, centers))
      all.push_back(with_options<Values>(std::move(each), corners, centers));
  return all;
}
template <class Values>
OpCase resize_random_case(Random& random, bool align_corners, bool half_pixel_centers) {
  return with_options<Values>(resize_random_sizes(random), align_corners, half_pixel_centers);
}

inline constexpr QuantRule kMovesOneInput = {
    {InputRole::activation, InputRole::constant, InputRole::constant, InputRole::constant},
    0,
    OutputRule::same_as_input,
    0,
    0};

}  // namespace mote
