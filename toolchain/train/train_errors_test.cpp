// What training refuses, and what it says then.
#include <gtest/gtest.h>

#include <limits>

#include "toolchain/train/test_models.h"

namespace mote {
namespace {

TEST(TrainErrors, DivergenceNamesEpochAndRemedy) {
  TrainConfig config = short_config(5);
  config.optimizer = Optimizer::sgd;
  config.learning_rate = 900;
  config.loss = Loss::mse;
  const std::string message =
      error_of(config, plane_examples(100, 1), dense_graph({"Dense(8, relu)", "Dense(8, relu)", "Dense(1)"}, 2));
  EXPECT_NE(message.find("training diverged in epoch"), std::string::npos) << message;
  EXPECT_NE(message.find("Lower learning_rate in [train] of mote.toml (it is 900)"), std::string::npos) << message;
  EXPECT_NE(message.find("'dense_"), std::string::npos) << message;
}

TEST(TrainErrors, AValueThatIsNotFiniteIsNamed) {
  MemoryExamples training = wave_examples(40, 1);
  training.inputs[27 * 20 + 3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(error_of(short_config(), training).find("training example 27 holds a value that is not a finite number"),
            std::string::npos);
}

TEST(TrainErrors, BadSettingsAndDataAreNamed) {
  const MemoryExamples good = wave_examples(40, 1);
  EXPECT_NE(error_of(short_config(), MemoryExamples{}).find("no examples"), std::string::npos);
  MemoryExamples labels = good;
  labels.labels[7] = 3;
  EXPECT_NE(error_of(short_config(), labels).find("example 7 has class 3"), std::string::npos);
  const auto with = [&](auto change) {
    TrainConfig config = short_config();
    change(config);
    return error_of(config, good);
  };
  EXPECT_NE(with([](TrainConfig& c) { c.epochs = 0; }).find("[train] epochs = 0"), std::string::npos);
  EXPECT_NE(with([](TrainConfig& c) { c.batch = -1; }).find("[train] batch"), std::string::npos);
  EXPECT_NE(
      with([](TrainConfig& c) { c.learning_rate = std::numeric_limits<float>::quiet_NaN(); }).find("learning_rate"),
      std::string::npos);
  EXPECT_NE(with([](TrainConfig& c) { c.class_weights = {1, 2}; }).find("3 classes"), std::string::npos);
  EXPECT_NE(with([](TrainConfig& c) { c.class_weights = {1, 2, 0}; }).find("above 0"), std::string::npos);
}

}  // namespace
}  // namespace mote
