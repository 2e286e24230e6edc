// The dataset as the other stages want to see it: examples to train on, windows to calibrate with, inputs of the int8
// model.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "features/feature.h"
#include "toolchain/data/augment.h"
#include "toolchain/data/dataset.h"
#include "toolchain/quantize/int8_executor.h"
#include "toolchain/quantize/quantize.h"
#include "toolchain/train/examples.h"

namespace mote {

// Everything that is derived from the recordings.
struct Loaded {
  Dataset dataset;
  FeaturePtr features;
};

// One part of the dataset for training. Regression targets are standardised by the training part's mean and deviation.
class WindowExamples final : public Examples {
 public:
  // `augmenter` may be nullptr. Keeps references: `loaded`, `part` and `augmenter` must outlive it. `often`: all are
  // asked for again and again.
  WindowExamples(const Loaded& loaded, const DataPart& part, const Augmenter* augmenter, bool often);
  int64_t count() const override { return part_.size(); }
  void fill(int64_t index, uint64_t epoch_seed, std::span<float> input, std::span<float> targets) const override;
  int32_t label(int64_t index) const override { return part_.windows[static_cast<size_t>(index)].label; }
  int64_t kept_bytes() const { return static_cast<int64_t>(std::span(kept_).size_bytes()); }

 private:
  const Loaded& loaded_;
  const DataPart& part_;
  const Augmenter* augmenter_;
  std::vector<float> target_scale_;
  std::vector<float> kept_;  // the features of every window, if that is worth it
};

// The float inputs of one part, as recorded.
class WindowInputs final : public CalibrationData {
 public:
  WindowInputs(const Loaded& loaded, const DataPart& part) : loaded_(loaded), part_(part) {}
  int64_t count() const override { return part_.size(); }
  void fill(int64_t index, int32_t input, std::span<float> values) const override;

 private:
  const Loaded& loaded_;
  const DataPart& part_;
};

// The deviation that targets are divided by: 1 where a target does not vary.
std::vector<float> target_scale(const Dataset& dataset);

// Input bytes of the integer model for every window of the part, as the firmware computes them from counts.
Result<std::vector<uint8_t>> stored_inputs(const Loaded& loaded, const DataPart& part, const TensorType& input);
// The counts that the firmware is fed for each window, from its start to the window's end, little endian.
std::vector<uint8_t> readings(const Dataset& dataset, const DataPart& part);

// What a bootstrap draws as a whole: the group of each window that the split keeps together, for a split in time the
// recording; nothing, so that windows are drawn one by one, for a random split and for the rows of a table.
std::vector<int64_t> window_groups(const Dataset& dataset, const DataPart& part);
std::vector<int32_t> window_labels(const DataPart& part);

}  // namespace mote
