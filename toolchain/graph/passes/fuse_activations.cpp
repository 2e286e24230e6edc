#include <algorithm>
#include <string>

#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/passes/matching.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

// What an activation node computes as a fused activation; none for other nodes.
Activation as_fused(const Node& node) {
  if (node.op == nullptr) return Activation::none;
  const std::string name = node.op->name;
  return name == "relu" ? Activation::relu : name == "relu6" ? Activation::relu6 : Activation::none;
}

}  // namespace

int32_t fuse_activations(Graph& graph) {
  int32_t fused = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Activation activation = as_fused(graph.nodes[i]);
    if (activation == Activation::none) continue;
    const int32_t between = graph.nodes[i].inputs[0];
    const auto producer = std::find_if(graph.nodes.begin(), graph.nodes.begin() + static_cast<int64_t>(i),
                                       [&](const Node& n) { return n.outputs.size() == 1 && n.outputs[0] == between; });
    if (producer == graph.nodes.begin() + static_cast<int64_t>(i) || readers(graph, between) != 1) continue;
    if (fused_activation(*producer) != Activation::none || !set_fused_activation(*producer, activation)) continue;
    producer->outputs = graph.nodes[i].outputs;
    graph.tensors[producer->outputs[0]].name = graph.tensors[between].name;
    graph.nodes.erase(graph.nodes.begin() + static_cast<int64_t>(i--));
    ++fused;
  }
  if (fused > 0) remove_unused(graph);
  return fused;
}

}  // namespace mote
