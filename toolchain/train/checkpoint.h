// The state of training after a whole epoch, as one file that is written beside and renamed.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/train/float_buffer.h"
#include "toolchain/train/optimizer.h"
#include "toolchain/train/train.h"

namespace mote {

struct TrainState {
  FloatBuffer weights, best_weights;
  FloatBuffer average;  // of the weights over the steps; empty when there is none
  OptimizerState optimizer;
  std::vector<EpochReport> history;  // one per epoch done
  int32_t best_epoch = 0;
  double best_loss = 0;  // validation loss of best_epoch
};

// Layout: "mote checkpoint 2\n", fingerprint (32 characters), then little-endian: int64 floats per vector, int64 steps,
// int32 best_epoch, int32 epochs done, double best_loss, the reports, the vectors weights, best_weights, first, second
// and, when there is one, average; last the fingerprint (32 characters) of everything before.
std::vector<uint8_t> encode_checkpoint(const TrainState& state, const std::string& train_fingerprint);

// Into a state whose vectors have their sizes; history's capacity suffices. The error names the path and what to do.
Result<void> decode_checkpoint(const std::filesystem::path& path, const std::vector<uint8_t>& bytes,
                               const std::string& train_fingerprint, TrainState& state);

}  // namespace mote
