// What passes ask of nodes and tensors.
#pragma once
#include <algorithm>
#include <string_view>

#include "toolchain/graph/graph.h"

namespace mote {

inline bool is_op(const Node& node, std::string_view op) {
  return node.op != nullptr && op == node.op->name;
}

// How often the tensor is read, as a graph output too.
inline int64_t readers(const Graph& graph, int32_t tensor) {
  int64_t count = std::count(graph.outputs.begin(), graph.outputs.end(), tensor);
  for (const Node& node : graph.nodes) count += std::count(node.inputs.begin(), node.inputs.end(), tensor);
  return count;
}

}  // namespace mote
