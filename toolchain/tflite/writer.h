// A Graph to the bytes of a .tflite file.
#pragma once
#include <cstdint>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

// Schema version 3, identifier TFL3: equal graphs give equal bytes. Tensor i of the graph is tensor i of the file, node
// i is operator i; constants lie at multiples of 16 in the file; one signature, "serving_default", with
// Graph::input_names and output_names; every metadata entry, and "min_runtime_version". Errors: a node whose op is
// nullptr, an index out of range, a constant whose data are not type.bytes() long.
Result<std::vector<uint8_t>> write_tflite(const Graph& graph);

}  // namespace mote
