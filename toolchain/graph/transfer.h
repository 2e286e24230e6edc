// Going on from a model that was trained before: its weights, and which of them stay as they are.
#pragma once
#include <span>
#include <string>

#include "toolchain/graph/graph.h"

namespace mote {

// Copies the weights of `from` into the trainable tensors of `to` that have the same name and shape, and gives how many
// tensors that were. The error says that none was, with the first name and shape of both. REQUIRES: `from` in float32.
Result<int32_t> take_weights(const Graph& from, Graph& to);

// Makes the parameters of these layers ("dense_1": the form in small letters, and the number of the layer) constant.
// Errors: a name of no layer with parameters, with the nearest that is one; nothing left to train.
Result<void> freeze_layers(Graph& graph, std::span<const std::string> layers);

}  // namespace mote
