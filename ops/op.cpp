#include "ops/op.h"

#include <fmt/format.h>

#include <algorithm>

namespace mote {

Result<void> expect_inputs(std::span<const TensorType> inputs, size_t least, size_t most) {
  if (inputs.size() < least || inputs.size() > most)
    return input_error(least == most ? fmt::format("it has {} inputs, expected {}", inputs.size(), least)
                                     : fmt::format("it has {} inputs, expected {} to {}", inputs.size(), least, most));
  for (size_t i = 0; i < least; ++i)
    if (inputs[i].shape.rank < 0) return input_error(fmt::format("input {} is absent, but it is not optional", i));
  return {};
}

Result<void> expect_type(std::span<const TensorType> inputs, size_t index, const char* what,
                         std::initializer_list<DType> allowed) {
  const DType found = inputs[index].dtype;
  if (std::find(allowed.begin(), allowed.end(), found) != allowed.end()) return {};
  std::string expected;
  for (DType type : allowed) expected += (expected.empty() ? "" : " or ") + to_string(type);
  return input_error(fmt::format("the {} (input {}) is {}; mote runs {}", what, index, to_string(found), expected));
}

Result<std::vector<Shape>> infer_elementwise(const Attributes&, std::span<const TensorType> inputs) {
  MOTE_CHECK(expect_inputs(inputs, 1, 1));
  MOTE_CHECK(expect_type(inputs, 0, "input", {DType::float32, DType::int8}));
  return std::vector{inputs[0].shape};
}

}  // namespace mote
