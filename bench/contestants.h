// The same training job for each contestant: 300-64-32-3 perceptron with ReLU, cross-entropy, Adam, batches of 32, one
// thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

inline constexpr int64_t kInputs = 300, kHidden1 = 64, kHidden2 = 32, kClasses = 3, kBatch = 32;
inline constexpr int64_t kWeights = kInputs * kHidden1 + kHidden1 * kHidden2 + kHidden2 * kClasses;
// Forward, the gradient of all weights, and the gradient of the inputs of all layers but the first.
inline constexpr int64_t kMacsPerExample = 2 * kWeights + kHidden1 * kHidden2 + kHidden2 * kClasses;

struct Data {
  std::vector<float> inputs;  // count x kInputs
  std::vector<int32_t> labels;
  int64_t count() const { return static_cast<int64_t>(labels.size()); }
};

struct Run {
  double seconds = 0;  // processor time of the process, which a busy machine does not stretch
  int64_t examples = 0;
  double loss = 0;  // of the last epoch: both must learn the same thing
};

Run run_mote(const Data& data, int32_t epochs);

// Ways to write the loop in libtorch; the fastest is what mote is compared with.
const std::vector<std::string>& torch_variants();
Run run_torch(const Data& data, int32_t epochs, size_t variant);

double processor_seconds();
double peak_macs_per_second();  // float multiply-accumulates of one core, as many in flight as it can hold

}  // namespace bench
