#include <algorithm>

#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

// It assigns to a variable.
bool assigns(const Graph& graph, const Node& node) {
  return node.outputs.empty() && std::any_of(node.inputs.begin(), node.inputs.end(),
                                             [&](int32_t t) { return t != kAbsent && !graph.tensors[t].variable; });
}

// Tensors from which a graph output or a variable can be reached, and graph inputs.
std::vector<bool> used_tensors(const Graph& graph) {
  std::vector<bool> used(graph.tensors.size(), false);
  for (int32_t tensor : graph.inputs) used[tensor] = true;
  for (int32_t tensor : graph.outputs) used[tensor] = true;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool read = std::any_of(node->outputs.begin(), node->outputs.end(), [&](int32_t t) { return used[t]; });
    if (!read && !assigns(graph, *node)) continue;
    for (int32_t tensor : node->inputs)
      if (tensor != kAbsent) used[tensor] = true;
    for (int32_t tensor : node->outputs) used[tensor] = true;
  }
  return used;
}

}  // namespace

int32_t remove_unused(Graph& graph) {
  const std::vector<bool> used = used_tensors(graph);
  const size_t nodes_before = graph.nodes.size();
  std::erase_if(graph.nodes, [&](const Node& node) {
    return !assigns(graph, node) &&
           std::none_of(node.outputs.begin(), node.outputs.end(), [&](int32_t t) { return used[t]; });
  });
  std::vector<int32_t> renumbered(graph.tensors.size(), kAbsent);
  std::vector<Tensor> kept;
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    renumbered[i] = static_cast<int32_t>(kept.size());
    kept.push_back(std::move(graph.tensors[i]));
  }
  graph.tensors = std::move(kept);
  const auto renumber = [&](std::vector<int32_t>& list) {
    for (int32_t& tensor : list)
      if (tensor != kAbsent) tensor = renumbered[tensor];
  };
  for (Node& node : graph.nodes) renumber(node.inputs), renumber(node.outputs);
  renumber(graph.inputs);
  renumber(graph.outputs);
  return static_cast<int32_t>(nodes_before - graph.nodes.size());
}

}  // namespace mote
