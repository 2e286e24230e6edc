// Learning-rate schedule and the update of all parameters after a batch.
#pragma once
#include <cstdint>

#include "toolchain/base/simd/simd.h"
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

// What a step does to every weight.
struct UpdateStep {
  AdamStep adam;
  SgdStep sgd;
};
// Of the next step, which is counted.
UpdateStep next_update(const TrainConfig& config, double rate, OptimizerState& state);

// The flat vectors cut in pieces of whole cache lines, which threads may work on side by side: what happens to a weight
// does not depend on its piece.
struct WeightPiece {
  int64_t begin, end;  // floats
};
int32_t pieces_of(const ParameterLayout& layout);
WeightPiece piece_of(const ParameterLayout& layout, int32_t index);

void update_parameters(const TrainConfig& config, const ParameterLayout& layout, const UpdateStep& step,
                       WeightPiece piece, const float* gradients, const OptimizerState& state, float* weights);

}  // namespace mote
