// What an application makes of a model's output, as C: the thresholds in the file's metadata.
#pragma once
#include <string>

#include "toolchain/graph/graph.h"
#include "toolchain/tflite/metadata.h"

namespace mote {

// The lowest stored value that stands for a number of at least the threshold; 128 when none does.
int32_t stored_threshold(double threshold, const QuantParams& quant);

// Macros <NAME>_THRESHOLD... and a function, for an int8 model with one input and one output: <name>_answer(output),
// the label's number or -1, or for an auto-encoder <name>_score(input, output). Empty when the metadata have no
// thresholds; macros alone for other models.
std::string decision_source(const std::string& name, const Graph& graph, const ModelMetadata& metadata);

}  // namespace mote
