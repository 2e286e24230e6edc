// What `data.baseline` does to recordings: the first readings of each are taken off, and those that follow are
// expressed by them, as the firmware does it (features/baseline/baseline.h).
#pragma once
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/data/dataset.h"
#include "toolchain/data/prepare.h"

namespace mote {

// Takes the baselines off pieces, file by file. A recording begins with its file, where the clock jumps backwards, and
// where the group of the split changes; changes of label and gaps do not end it.
class BaselineTaker {
 public:
  // Keeps references.
  BaselineTaker(const DataConfig& config, Prepared& prepared) : config_(config), prepared_(prepared) {}
  // Nothing when prepared.baseline is 0. Pieces that end with the baseline are gone.
  Result<void> take(const Series& series, std::vector<Piece>& pieces);
  // When every file was read and the labels are sorted. Errors: recordings that are no longer than their baseline.
  Result<void> finish();

 private:
  void take_recording(std::vector<Piece>& pieces, size_t first, size_t last);

  const DataConfig& config_;
  Prepared& prepared_;
  std::vector<std::string> too_short_;
  std::vector<std::pair<std::string, std::string>> labels_;  // file and label of every piece that a baseline has
};

// Errors: fewer than two, or more than the firmware can take.
Result<int32_t> baseline_readings(const TimeSpan& span, double rate);

// From raw counts to relative ones: fills dataset.baselines and fed, the contract's baseline, learned from the training
// part, and channels. Nothing but the channels without a baseline.
void express_by_baselines(const DataConfig& config, const Prepared& prepared, Dataset& dataset);

// The dataset as a model wants it that was made with another contract: the same windows, other counts. The number of
// channels, the window and the readings of the baseline are the same.
void adopt_contract(const RecordingContract& wanted, Dataset& dataset);

}  // namespace mote
