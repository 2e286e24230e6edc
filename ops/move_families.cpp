#include "ops/move_families.h"

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
