// The parameters of the network as training has it, kept beside the form that is exported, from which they cannot be
// had back: batch normalization is folded into its neighbours there, and a regression's outputs are in physical units.
#pragma once
#include <optional>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

inline constexpr const char* kTrainingFormMetadata = "mote_training";

bool is_float_constant(const Tensor& tensor);

// Writes the entry of `exported` (docs/formats.md): all float constants of `trained`, with numbers where `exported` has
// no equal tensor.
void keep_training_form(const Graph& trained, Graph& exported);

// The tensors of the entry, with their numbers; nullopt: the graph has none. Errors: a damaged entry.
Result<std::optional<std::vector<Tensor>>> training_form(const Graph& graph);

}  // namespace mote
