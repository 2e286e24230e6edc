// The same training jobs for each contestant: cross-entropy or mean squared error, Adam, batches of 32.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

inline constexpr int64_t kBatch = 32;

enum class Net { perceptron, conv1d, ds_cnn, resnet8, mobilenet, autoencoder };

struct Network {
  Net net;
  const char* name;
  const char* title;
  std::vector<int32_t> input;       // of one example: [n], [steps, channels] or [height, width, channels]
  int32_t classes;                  // 0: the targets are the inputs
  std::vector<std::string> layers;  // in mote's form
  int64_t count;                    // examples of an epoch
  int32_t epochs;                   // of a run
  double asked[2];                  // ratio to libtorch with one and with two threads

  int64_t elements() const {
    int64_t product = 1;
    for (const int32_t dim : input) product *= dim;
    return product;
  }
};
const std::vector<Network>& networks();

struct Data {
  std::vector<float> inputs;  // count x elements, channels last
  std::vector<int32_t> labels;
};

struct Run {
  double seconds = 0;
  int64_t examples = 0;
  double loss = 0;  // of the last epoch: both must learn the same thing
};

Run run_mote(const Network& network, const Data& data, int threads);
// Multiply-accumulates that training with one example takes: forward, the gradients of all weights, and those of the
// inputs of all layers but the first.
int64_t training_macs(const Network& network);

// Ways to write the loop in libtorch; the fastest is what mote is compared with.
const std::vector<std::string>& torch_variants();
Run run_torch(const Network& network, const Data& data, int threads, size_t variant);

// With one thread, processor time of the process, which a busy machine does not stretch; with several, time on the
// wall.
double seconds_now(int threads);
double peak_macs_per_second();  // float multiply-accumulates of one core, as many in flight as it can hold

}  // namespace bench
