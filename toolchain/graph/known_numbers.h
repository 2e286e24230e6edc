// Integers that follow from constants and from shapes alone: a SHAPE, and what is computed from it. Converters write
// such chains, where another file has a constant, for models whose batch they were not told.
#pragma once
#include <map>

#include "toolchain/graph/graph.h"

namespace mote {

class KnownNumbers {
 public:
  // Takes in the node's output, where it follows from what is known so far. REQUIRES: the node's own rule accepts it;
  // nodes come in the order of the graph.
  void learn(const Graph& graph, const Node& node);

  // Bytes of a constant, or of an int32 tensor that is known; else empty.
  std::span<const uint8_t> bytes(const Graph& graph, int32_t tensor) const;

 private:
  std::vector<float> values(const Graph& graph, int32_t tensor) const;

  std::map<int32_t, std::vector<int32_t>> known_;  // by tensor
};

// Completes the node's attributes with what its constant and its known inputs say.
Result<void> take_constants(const Graph& graph, Node& node, const KnownNumbers& known);

}  // namespace mote
