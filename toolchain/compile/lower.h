// What the compiled engine runs in place of the file's graph: the same bytes out with less to do.
#pragma once
#include <string>

#include "toolchain/graph/graph.h"

namespace mote {

// Rewrites `graph` by the passes that keep every output byte: constants folded, quantize nodes that change nothing and
// all that no output needs removed. Messages call the model `name`.
Result<void> lower(const std::string& name, Graph& graph);

}  // namespace mote
