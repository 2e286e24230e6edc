// What training learns from, as an interface: the data stage's windows, features and augmentation stand behind it.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace mote {

class Examples {
 public:
  virtual ~Examples() = default;

  virtual int64_t count() const = 0;

  // Writes the model's input of example `index` (elements of the model's input without the batch, row-major) and its
  // targets (elements of the model's output). The span of targets is empty when they are not wanted: for cross-entropy
  // and predict(). Called from several threads at once. The floats may depend on `index` and `epoch_seed` only:
  // augmentation draws from Random(epoch_seed).stream(index), so that neither the threads nor the order of the calls
  // change them. Training passes a new epoch_seed every epoch; evaluation always passes 0, which means: as recorded,
  // not augmented.
  virtual void fill(int64_t index, uint64_t epoch_seed, std::span<float> input, std::span<float> targets) const = 0;

  // Class of example `index`, in [0, classes). Asked for cross-entropy only.
  virtual int32_t label(int64_t index) const = 0;
};

// Examples that lie in memory, one after the other.
class MemoryExamples : public Examples {
 public:
  std::vector<float> inputs;    // count x input elements
  std::vector<int32_t> labels;  // classification: count
  std::vector<float> targets;   // regression: count x output elements; empty = the input is the target (auto-encoder)
  int64_t input_elements = 0;

  int64_t count() const override;
  void fill(int64_t index, uint64_t epoch_seed, std::span<float> input, std::span<float> targets) const override;
  int32_t label(int64_t index) const override;
};

}  // namespace mote
