#include "ops/move_families.h"

#include <algorithm>
#include <cstring>

namespace mote {

Result<void> expect_movable(std::span<const TensorType> inputs, size_t index) {
  if (element_bytes(inputs[index].dtype) > 0) return {};
  return input_error(
      fmt::format("its input {} is {}, whose elements have no fixed size", index, to_string(inputs[index].dtype)));
}

Result<std::vector<int32_t>> constant_operand(std::span<const TensorType> inputs,
                                              std::span<const std::span<const uint8_t>> constants, size_t index) {
  const int32_t count = inputs[index].shape.rank < 0 ? 0 : inputs[index].shape.elements();
  if (constants[index].empty() && count > 0)
    return input_error(
        fmt::format("its input {} is computed while the model runs; mote needs a constant there", index));
  if (inputs[index].dtype != DType::int32)
    return input_error(
        fmt::format("its constant input {} is {}; mote takes int32", index, to_string(inputs[index].dtype)));
  if (constants[index].size() != static_cast<size_t>(count) * sizeof(int32_t))
    return input_error(fmt::format("its constant input {} is cut short", index));
  std::vector<int32_t> values(static_cast<size_t>(count));
  if (count > 0) std::memcpy(values.data(), constants[index].data(), constants[index].size());
  return values;
}

Error broken_rule(const TensorType& input, const char* rule) {
  return input_error(fmt::format("its options or constant inputs do not fit its input of shape {}; expected {}",
                                 to_string(input.shape), rule));
}

Result<std::vector<Shape>> infer_joined(std::span<const TensorType> inputs, int32_t axis, bool stacked) {
  MOTE_CHECK(expect_inputs(inputs, 1, inputs.size()));
  MOTE_CHECK(expect_inputs(inputs, inputs.size(), inputs.size()));
  MOTE_CHECK(expect_movable(inputs, 0));
  Shape whole = inputs[0].shape;
  const int32_t resolved = resolved_axis(axis, whole.rank + (stacked ? 1 : 0));
  if (resolved < 0 || (stacked && whole.rank == kMaxRank))
    return input_error(
        fmt::format("its axis is {}, which is no dimension of a result of inputs of shape {}", axis, to_string(whole)));
  if (stacked) {
    ++whole.rank;
    for (int32_t i = whole.rank - 1; i > resolved; --i) whole.dims[i] = whole.dims[i - 1];
  }
  int64_t length = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    MOTE_CHECK(expect_type(inputs, i, "input", {inputs[0].dtype}));
    const int32_t here = reach(inputs[i].shape, whole, resolved, stacked);
    if (here < 0)
      return input_error(
          fmt::format("its input {} has shape {}, which does not go with the {} of input 0 along axis {}", i,
                      to_string(inputs[i].shape), to_string(inputs[0].shape), resolved));
    length += here;
  }
  whole.dims[resolved] = static_cast<int32_t>(std::min<int64_t>(length, INT32_MAX));
  if (whole.elements() == 0) return input_error("its result has no elements");
  return std::vector{whole};
}

Result<std::vector<Shape>> infer_parts(const TensorType& whole, int32_t axis, bool stacked, int32_t count,
                                       const std::function<int32_t(int32_t, int32_t)>& part) {
  const Shape& shape = whole.shape;
  const int32_t resolved = resolved_axis(axis, shape.rank);
  if (resolved < 0 || count < 1)
    return input_error(
        fmt::format("it makes {} parts along axis {} of its input of shape {}; expected at least 1, along a dimension",
                    count, axis, to_string(shape)));
  std::vector<Shape> shapes;
  int64_t length = 0;
  for (int32_t i = 0; i < count && length <= shape[resolved]; ++i) {
    Shape next = shape;
    next.dims[resolved] = part(i, shape[resolved]);
    length += next[resolved];
    if (next[resolved] < 0) break;
    if (stacked) {
      for (int32_t k = resolved; k + 1 < next.rank; ++k) next.dims[k] = next.dims[k + 1];
      next.dims[--next.rank] = 0;
    }
    shapes.push_back(next);
  }
  if (length != shape[resolved] || static_cast<int32_t>(shapes.size()) != count || shape.elements() == 0)
    return input_error(fmt::format("its {} parts do not make up dimension {} of its input of shape {}", count, resolved,
                                   to_string(shape)));
  return shapes;
}

std::vector<TensorInfo> tensor_infos(std::span<const TensorType> types) {
  std::vector<TensorInfo> infos;
  for (const TensorType& type : types) infos.push_back(tensor_info(type));
  return infos;
}

std::string text_of(const HostParts& p, const char* type, std::span<const std::string> parts) {
  return fmt::format(
      "  static constexpr AxisParts p = {{{}, {}, {}}};\n  static constexpr int32_t stretches[] = {{{}}};\n"
      "  {}* const parts[] = {{{}}};\n  const auto part = [&](int32_t i) {{ return parts[i]; }};\n",
      p.parts.rows, p.parts.whole, p.parts.count, fmt::join(p.stretches, ", "), type, fmt::join(parts, ", "));
}

OpCase move_case(const char* name, Shape input, std::vector<std::vector<int32_t>> operands, uint32_t seed, DType type) {
  OpCase result = case_of(name, {input}, seed, -2, 3);
  result.input_type = result.output_type = type;
  result.constants = {{}};
  for (std::vector<int32_t>& operand : operands) {
    result.inputs.push_back(make_shape({static_cast<int32_t>(operand.size())}));
    result.constants.push_back(std::move(operand));
  }
  return result;
}

Shape random_shape(Random& random, int32_t most) {
  Shape shape;
  shape.rank = 1 + static_cast<int32_t>(random.below(static_cast<uint32_t>(most)));
  for (int32_t i = 0; i < shape.rank; ++i)
    shape.dims[i] = shape.rank > 2 ? 1 + random_dim(random) / 2 : random_dim(random);
  return shape;
}

}  // namespace mote
