// The fused activation of a node, whichever operator it is, through the operator's own attribute visitor.
#pragma once
#include <optional>

#include "toolchain/graph/graph.h"

namespace mote {

// Nothing when the operator has no such attribute.
std::optional<Activation> fused_activation(const Node& node);

// Returns false when the operator has no such attribute.
bool set_fused_activation(Node& node, Activation activation);

}  // namespace mote
