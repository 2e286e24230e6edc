// From a stack of one-line layers, as people write them in mote.toml, to a graph with initialised parameters.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "toolchain/graph/graph.h"

namespace mote {

// `layers`: forms as in Keras, one per string: "Dense(64, relu)", "Dense(units=3, activation=softmax)", "Flatten",
// "Softmax". `input`: the shape of ONE example, without the batch; the graph has batch 1 in front of it. A network that
// starts with a layer
//   over the whole example (Dense, Flatten) takes it flat, so that no reshape is needed: input {100, 3} -> tensor
//   1x300.
// `seed`: one stream of numbers per parameter tensor, so inserting a layer leaves the start values of earlier layers
// alone. Weights: He uniform before ReLU, Glorot uniform otherwise (He et al. 2015, Glorot and Bengio 2010); biases
// zero. Signature names are "input" and "output". Errors name the layer's number (from 1), its text, the column and the
// nearest known name.
Result<Graph> build_graph(std::span<const std::string> layers, const Shape& input, uint64_t seed);

}  // namespace mote
