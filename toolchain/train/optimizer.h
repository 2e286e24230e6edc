// Learning-rate schedule and the update of all parameters after a batch.
#pragma once
#include <cstdint>

#include "toolchain/train/float_buffer.h"
#include "toolchain/train/program.h"
#include "toolchain/train/train.h"

namespace mote {

// Rate of step 1 .. epochs * batches. Warm-up takes at most half of the epochs.
double learning_rate_at(const TrainConfig& config, int64_t step, int64_t batches);

// First and second moments (Adam) or velocity (SGD, in `first`), in the layout of the parameters.
struct OptimizerState {
  FloatBuffer first, second;
  int64_t steps = 0;
};

void update_parameters(const TrainConfig& config, const ParameterLayout& layout, double rate, const float* gradients,
                       OptimizerState& state, float* weights);

}  // namespace mote
