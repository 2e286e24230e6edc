// Small graphs and data for the tests of this folder.
#pragma once
#include <gtest/gtest.h>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/base/files.h"
#include "toolchain/base/random.h"
#include "toolchain/graph/builder.h"
#include "toolchain/train/train.h"

namespace mote {

inline Graph dense_graph(const std::vector<std::string>& layers, int32_t inputs, uint64_t seed = 1) {
  Result<Graph> graph = build_graph(layers, make_shape({inputs}), seed);
  EXPECT_TRUE(graph.ok()) << (graph.ok() ? "" : graph.error().message);
  return graph.ok() ? std::move(*graph) : Graph{};
}

// Three noisy sine shapes of 20 samples.
inline MemoryExamples wave_examples(int64_t count, uint64_t seed, double noise = 0.5) {
  Random random(seed);
  MemoryExamples examples;
  examples.input_elements = 20;
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(random.below(3));
    for (int t = 0; t < 20; ++t)
      examples.inputs.push_back(static_cast<float>(std::sin(0.3 * t * (label + 1)) + noise * random.normal()));
    examples.labels.push_back(label);
  }
  return examples;
}

// y = 2 a - b + 0.5, and its square root of the absolute value as a second output.
inline MemoryExamples plane_examples(int64_t count, uint64_t seed, int outputs = 1) {
  Random random(seed);
  MemoryExamples examples;
  examples.input_elements = 2;
  for (int64_t i = 0; i < count; ++i) {
    const double a = random.normal(), b = random.normal();
    examples.inputs.insert(examples.inputs.end(), {static_cast<float>(a), static_cast<float>(b)});
    examples.targets.push_back(static_cast<float>(2 * a - b + 0.5));
    if (outputs > 1) examples.targets.push_back(static_cast<float>(std::sqrt(std::abs(a))));
  }
  return examples;
}

// Augmentation by the epoch seed, so that a different call order or seed would show.
class NoisyExamples : public MemoryExamples {
 public:
  explicit NoisyExamples(MemoryExamples examples) : MemoryExamples(std::move(examples)) {}
  void fill(int64_t index, uint64_t epoch_seed, std::span<float> input, std::span<float> target) const override {
    MemoryExamples::fill(index, epoch_seed, input, target);
    if (epoch_seed == 0) return;
    Random random = Random(epoch_seed).stream(static_cast<uint64_t>(index));
    for (float& value : input) value += 0.1f * static_cast<float>(random.normal());
  }
};

class Folder {  // a new temporary one, removed at the end
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              ("mote_train_" + std::to_string(::getpid()) + "_" + std::to_string(count_++))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  static inline int count_ = 0;
  fs::path path_;
};

// The bytes of all constants, statistics too.
inline std::vector<uint8_t> all_bytes(const Graph& graph) {
  std::vector<uint8_t> bytes;
  for (const Tensor& tensor : graph.tensors) bytes.insert(bytes.end(), tensor.data.begin(), tensor.data.end());
  return bytes;
}

// The bytes of all trainable tensors, in order.
inline std::vector<uint8_t> weight_bytes(const Graph& graph) {
  std::vector<uint8_t> bytes;
  for (const Tensor& tensor : graph.tensors)
    if (tensor.trainable) bytes.insert(bytes.end(), tensor.data.begin(), tensor.data.end());
  return bytes;
}

inline const std::vector<std::string> kClassifier = {"Dense(16, relu)", "Dense(3, softmax)"};

inline TrainConfig short_config(int32_t epochs = 6) {
  TrainConfig config;
  config.epochs = epochs;
  config.batch = 16;
  config.learning_rate = 5e-3f;
  return config;
}

inline TrainResult train_or_die(const TrainConfig& config, const Examples& training, const Examples& validation,
                                const TrainCallbacks& callbacks = {},
                                const Graph& graph = dense_graph(kClassifier, 20)) {
  auto result = train(graph, training, validation, config, callbacks);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? std::move(*result) : TrainResult{};
}

// "" when training ends well.
inline std::string error_of(const TrainConfig& config, const Examples& training,
                            const Graph& graph = dense_graph(kClassifier, 20)) {
  const auto result = train(graph, training, MemoryExamples{}, config, {});
  return result.ok() ? "" : result.error().message;
}

}  // namespace mote
