// Quantization-aware training: from the float model of a run to weights and ranges that were trained as int8 numbers.
#pragma once
#include <vector>

#include "cli/pipeline/training.h"
#include "toolchain/graph/tensor_range.h"

namespace mote {

struct AwareModel {
  Graph graph;                      // float, as exported
  std::vector<TensorRange> ranges;  // of its activations, which apply_quantization() takes
  TrainResult training;             // its graph is moved out
};

// `job.graph` is the float model as exported; `job.config` is that of the float training, from which epochs and
// learning rate follow as [quantize] says. Errors: those of calibrate() and train().
Result<AwareModel> train_aware(TrainingJob job, const Progress& progress);

}  // namespace mote
