#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

// The dense layer whose weights can take the affine map, or why there is none.
Result<Node*> output_layer(Graph& graph) {
  if (graph.outputs.size() != 1) return input_error("a network for regression must have one output");
  for (Node& node : graph.nodes) {
    if (node.outputs.size() != 1 || node.outputs[0] != graph.outputs[0]) continue;
    if (node.op == nullptr || node.op->name != std::string("fully_connected") ||
        fused_activation(node) != Activation::none)
      return input_error(
          fmt::format("the last layer '{}' must be a Dense without activation, so that its output can be any "
                      "number in the targets' unit",
                      node.name));
    return &node;
  }
  return input_error("the network's output is not written by a layer");
}

}  // namespace

Result<void> fold_output_affine(Graph& graph, std::span<const float> scale, std::span<const float> offset) {
  MOTE_TRY(Node * node, output_layer(graph));
  if (node->inputs.size() < 3 || node->inputs[2] == kAbsent)
    return input_error(fmt::format("the last layer '{}' has no bias to take the offset", node->name));
  Tensor& weights = graph.tensors[node->inputs[1]];
  Tensor& bias = graph.tensors[node->inputs[2]];
  if (!weights.constant || !bias.constant || weights.type.dtype != DType::float32 || bias.type.dtype != DType::float32)
    return input_error(fmt::format("the weights of the last layer '{}' must be float32 constants", node->name));
  const auto readers = [&](int32_t tensor) {
    int64_t count = 0;
    for (const Node& n : graph.nodes) count += std::count(n.inputs.begin(), n.inputs.end(), tensor);
    return count;
  };
  if (readers(node->inputs[1]) != 1 || readers(node->inputs[2]) != 1)
    return input_error(fmt::format("the weights of the last layer '{}' are shared with another layer", node->name));
  const size_t units = bias.floats().size(), inputs = weights.floats().size() / std::max<size_t>(units, 1);
  if (scale.size() != units || offset.size() != units)
    return input_error(
        fmt::format("the last layer '{}' has {} outputs, but there are {} targets", node->name, units, scale.size()));
  for (size_t u = 0; u < units; ++u) {
    for (float& weight : weights.floats().subspan(u * inputs, inputs)) weight *= scale[u];
    bias.floats()[u] = bias.floats()[u] * scale[u] + offset[u];
  }
  return {};
}

}  // namespace mote
