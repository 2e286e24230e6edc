// Activations that are quantized alike, although each has values of its own.
#pragma once
#include <cstdint>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

// For each tensor the first of those whose range it shares, itself when there is none. They are the inputs of nodes
// with the same weights, which are steps of one recurrence, and so are these nodes' outputs; and the inputs of a node
// that brings them to one scale. So steps do with one scale, with the same constants, and go into a PACK as they are.
std::vector<int32_t> shared_ranges(const Graph& graph);

}  // namespace mote
