// Anomaly scores of an auto-encoder: mean squared error between its input and its output, in the input's units.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/quantize/int8_executor.h"

namespace mote {

// From the bytes of a batch: `count` rows of inputs, and of outputs, of a model with one of each. int8 scores are those
// that firmware computes. Errors: other types; an output that is not as large as the input.
Result<std::vector<float>> anomaly_scores(const Int8Executor& model, std::span<const uint8_t> inputs,
                                          std::span<const uint8_t> outputs, int64_t count);

// The same of floats, row by row.
float anomaly_score(std::span<const float> input, std::span<const float> output);

}  // namespace mote
