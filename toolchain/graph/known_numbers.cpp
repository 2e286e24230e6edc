#include "toolchain/graph/known_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

namespace mote {

namespace {

constexpr size_t kMostNumbers = 64;        // of a tensor: shapes and what is made of them
constexpr float kMostExact = 16777216.0f;  // float calls have all integers up to it

bool is_candidate(const Graph& graph, const Node& node) {
  if (node.op == nullptr || node.op->float_workspace != nullptr || node.outputs.size() != 1) return false;
  const TensorType& output = graph.tensors[node.outputs[0]].type;
  if (output.dtype != DType::int32 || static_cast<size_t>(output.shape.elements()) > kMostNumbers) return false;
  const auto shapes = node.op->infer(node.attributes, input_types(graph, node));
  return shapes.ok() && *shapes == std::vector{output.shape};
}

}  // namespace

std::span<const uint8_t> KnownNumbers::bytes(const Graph& graph, int32_t tensor) const {
  if (tensor == kAbsent) return {};
  const auto found = known_.find(tensor);
  if (found == known_.end()) return graph.tensors[tensor].data;
  return {reinterpret_cast<const uint8_t*>(found->second.data()), found->second.size() * sizeof(int32_t)};
}

// Empty: not known, no int32, or more than a shape has.
std::vector<float> KnownNumbers::values(const Graph& graph, int32_t tensor) const {
  const std::span<const uint8_t> stored = bytes(graph, tensor);
  if (stored.size() > kMostNumbers * sizeof(int32_t) || stored.empty() ||
      graph.tensors[tensor].type.dtype != DType::int32)
    return {};
  std::vector<int32_t> numbers(stored.size() / sizeof(int32_t));
  std::memcpy(numbers.data(), stored.data(), numbers.size() * sizeof(int32_t));
  return {numbers.begin(), numbers.end()};
}

void KnownNumbers::learn(const Graph& graph, const Node& node) {
  if (!is_candidate(graph, node)) return;
  const bool from_shape = std::string_view(node.op->name) == "shape";  // whatever its input holds
  std::vector<std::vector<float>> inputs;
  std::vector<const float*> places;
  std::vector<Shape> shapes;
  for (const int32_t tensor : node.inputs) {
    inputs.push_back(from_shape ? std::vector<float>() : values(graph, tensor));
    if (!from_shape && inputs.back().empty()) return;
    places.push_back(inputs.back().data());
    shapes.push_back(graph.tensors[tensor].type.shape);
  }
  const Shape& shape = graph.tensors[node.outputs[0]].type.shape;
  std::vector<float> output(static_cast<size_t>(shape.elements()));
  float* const result = output.data();
  const FloatCall call{&node.attributes, shapes, {&shape, 1}, places, {&result, 1}, {}, {}, nullptr};
  node.op->forward(call);
  const auto exact = [](float value) { return std::fabs(value) < kMostExact && value == std::floor(value); };
  if (std::all_of(output.begin(), output.end(), exact))
    known_[node.outputs[0]] = std::vector<int32_t>(output.begin(), output.end());
}

Result<void> take_constants(const Graph& graph, Node& node, const KnownNumbers& known) {
  if (node.op->read_constants == nullptr) return {};
  std::vector<std::span<const uint8_t>> constants;
  for (const int32_t input : node.inputs) constants.push_back(known.bytes(graph, input));
  return node.op->read_constants(node.attributes, input_types(graph, node), constants);
}

Result<void> take_constants(const Graph& graph, Node& node) {
  return take_constants(graph, node, {});
}

}  // namespace mote
