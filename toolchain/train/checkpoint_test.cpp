#include "toolchain/train/checkpoint.h"

#include <gtest/gtest.h>

#include <memory>
#include <span>

#include "toolchain/base/files.h"
#include "toolchain/train/test_models.h"

namespace mote {
namespace {

// Stops after `epochs` whole epochs and some batches, as a kill would.
TrainCallbacks stop_after(int32_t epochs) {
  TrainCallbacks callbacks;
  auto done = std::make_shared<int32_t>(0);
  callbacks.batch = [done](const BatchReport& report) {
    *done = report.epoch * 1000 + static_cast<int32_t>(report.batch);
  };
  callbacks.cancelled = [done, epochs] { return *done >= (epochs + 1) * 1000 + 3; };
  return callbacks;
}

TEST(Checkpoint, ARestartGivesTheBytesOfAnUninterruptedRun) {
  const Folder folder;
  const NoisyExamples training(wave_examples(150, 1));
  const MemoryExamples validation = wave_examples(50, 2);
  for (const Optimizer optimizer : {Optimizer::adamw, Optimizer::sgd}) {
    TrainConfig config = short_config(7);
    config.optimizer = optimizer;
    if (optimizer == Optimizer::sgd) config.ema_decay = 0.9f, config.mixup = 0.3f, config.clip_norm = 1;
    const TrainResult whole = train_or_die(config, training, validation);
    config.checkpoint = folder / "run.checkpoint";
    const TrainResult interrupted = train_or_die(config, training, validation, stop_after(4));
    EXPECT_TRUE(interrupted.cancelled);
    EXPECT_EQ(interrupted.history.size(), 4u);
    ASSERT_TRUE(fs::exists(config.checkpoint));
    config.threads = 2;
    const TrainResult resumed = train_or_die(config, training, validation);
    EXPECT_EQ(resumed.resumed_from, 4);
    EXPECT_EQ(resumed.best_epoch, whole.best_epoch);
    ASSERT_EQ(resumed.history.size(), whole.history.size());
    for (size_t i = 0; i < whole.history.size(); ++i)
      EXPECT_EQ(resumed.history[i].validation_loss, whole.history[i].validation_loss);
    EXPECT_EQ(weight_bytes(resumed.graph), weight_bytes(whole.graph));
    EXPECT_FALSE(fs::exists(config.checkpoint)) << "a finished run leaves no checkpoint";
  }
}

TEST(Checkpoint, DamageAndOtherSettingsAreNamed) {
  const Folder folder;
  const MemoryExamples training = wave_examples(100, 1);
  TrainConfig config = short_config(5);
  config.checkpoint = folder / "run.checkpoint";
  train_or_die(config, training, MemoryExamples{}, stop_after(2));
  const auto good = read_file(config.checkpoint);
  ASSERT_TRUE(good.ok());

  TrainConfig other = config;
  other.learning_rate = 1e-4f;
  EXPECT_NE(error_of(other, training).find("another model, data or [train] settings"), std::string::npos);
  for (const size_t size : {size_t{0}, size_t{10}, good->size() / 2, good->size() - 1}) {
    ASSERT_TRUE(write_file(config.checkpoint, std::span(*good).first(size)).ok());
    EXPECT_NE(error_of(config, training).find("run.checkpoint: not a whole checkpoint"), std::string::npos) << size;
  }
  for (size_t at = 0; at < good->size(); at += 97) {
    std::vector<uint8_t> flipped = *good;
    flipped[at] ^= 4;
    ASSERT_TRUE(write_file(config.checkpoint, flipped).ok());
    EXPECT_NE(error_of(config, training), "") << "byte " << at;
  }
}

TEST(Checkpoint, TheFingerprintHoldsWhatDeterminesTheResult) {
  const Graph graph = dense_graph(kClassifier, 20);
  const TrainConfig config;
  const std::string base = train_fingerprint(graph, config);
  EXPECT_EQ(base.size(), 32u);
  EXPECT_EQ(base, train_fingerprint(dense_graph(kClassifier, 20), config));
  EXPECT_NE(base, train_fingerprint(dense_graph(kClassifier, 20, 2), config));
  TrainConfig threads = config;
  threads.threads = 2;
  EXPECT_EQ(base, train_fingerprint(graph, threads));
  TrainConfig data = config;
  data.data_fingerprint = "x";
  EXPECT_NE(base, train_fingerprint(graph, data));
}

}  // namespace
}  // namespace mote
