// What an application makes of a model's output, as C: the thresholds in the file's metadata.
#pragma once
#include <string>

#include "toolchain/graph/graph.h"
#include "toolchain/tflite/metadata.h"

namespace mote {

// The lowest stored value that stands for a number of at least the threshold; 128 when none does.
int32_t stored_threshold(double threshold, const QuantParams& quant);
// A threshold that is stored as this: half a step below what it stands for, so that rounding changes nothing.
double threshold_value(int32_t stored, const QuantParams& quant);
// What SmoothedAnswer (device/decision.h) is given: one for each label, 128 for those that are ignored. No thresholds:
// every other label is an event.
std::vector<int16_t> stored_thresholds(const std::vector<double>& thresholds, const DecisionRule& rule,
                                       const QuantParams& quant, size_t labels);

// Macros <NAME>_THRESHOLD... and a function, for an int8 model with one input and one output: <name>_answer(output),
// the label's number or -1, or for an auto-encoder <name>_score(input, output). Empty when the metadata have no
// thresholds; macros alone for other models.
std::string decision_source(const std::string& name, const Graph& graph, const ModelMetadata& metadata);

}  // namespace mote
