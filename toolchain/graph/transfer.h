// Going on from a model that was trained before: its weights, and which of them stay as they are.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

struct TakenWeights {
  int32_t taken = 0;
  int32_t tensors = 0;                 // that training changes, running statistics too
  std::vector<std::string> not_taken;  // "conv1d_1/weights [8x1x5x3 here, 6x1x5x3 there]", in order
};
// "5 of 7 tensors taken from a.mote; not: dense_2/weights [...], ..."
std::string to_string(const TakenWeights& taken, const std::string& file);

// Copies into the tensors of `to` that training changes those of `from` that have their name and shape: in the form
// that training has, when `from` holds it (training_form.h). Errors: no tensor is in both, with the first of each;
// `from` is an int8 model; batch normalization in `to` whose statistics `from` has no more.
Result<TakenWeights> take_weights(const Graph& from, Graph& to);

// Makes the parameters of these layers ("dense_1": the form in small letters, and the number of the layer) constant,
// and batch normalization in them normalize by the statistics that it has. Errors: a name of no layer with parameters,
// with the nearest that is one; nothing left to train.
Result<void> freeze_layers(Graph& graph, std::span<const std::string> layers);

}  // namespace mote
