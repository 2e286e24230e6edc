#include <algorithm>

#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

bool is_foldable(const Graph& graph, const Node& node) {
  const auto constant = [&](int32_t tensor) { return tensor == kAbsent || graph.tensors[tensor].constant; };
  const auto is_output = [&](int32_t tensor) {
    return std::count(graph.outputs.begin(), graph.outputs.end(), tensor) != 0;
  };
  return node.op != nullptr && !node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(), constant) &&
         std::none_of(node.outputs.begin(), node.outputs.end(), is_output);
}

}  // namespace

Result<int32_t> fold_constants(Graph& graph, const EvaluateNode& evaluate) {
  int32_t folded = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (!is_foldable(graph, node)) continue;
    MOTE_TRY(auto values, evaluate(graph, node));
    for (size_t o = 0; o < node.outputs.size(); ++o) {
      Tensor& output = graph.tensors[node.outputs[o]];
      output.constant = true;
      output.data = std::move(values[o]);
    }
    graph.nodes.erase(graph.nodes.begin() + static_cast<int64_t>(i--));
    ++folded;
  }
  if (folded > 0) remove_unused(graph);
  return folded;
}

}  // namespace mote
