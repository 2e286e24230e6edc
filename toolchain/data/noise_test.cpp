#include "toolchain/data/noise.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "toolchain/data/testing.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Sum of squares of a channel around its mean, over a window.
double power(const std::vector<float>& values, size_t channel, size_t channels) {
  double sum = 0, squares = 0, count = 0;
  for (size_t i = channel; i < values.size(); i += channels) sum += double{values[i]}, ++count;
  for (size_t i = channel; i < values.size(); i += channels) squares += std::pow(double{values[i]} - sum / count, 2);
  return squares;
}

class NoiseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write_good_recordings(project_);
    config_ = recordings_config();
    config_.full_scale[""] = 20;  // far above the signal, so that nothing saturates
    Result<Dataset> dataset = load_dataset(config_, project_.path(), {});
    ASSERT_TRUE(dataset.ok()) << dataset.error().message;
    dataset_ = std::move(dataset).value();
  }
  std::vector<float> window(const Dataset& dataset, size_t i) const {
    std::vector<float> values(static_cast<size_t>(dataset.contract.elements()));
    dataset.values(dataset.test.windows[i], values);
    return values;
  }
  // Power of signal over noise that with_noise() gave window i, in dB.
  double ratio(const Dataset& noisy, size_t i, size_t channel) const {
    const std::vector<float> clean = window(dataset_, i), mixed = window(noisy, i);
    std::vector<float> added;
    for (size_t k = 0; k < clean.size(); ++k) added.push_back(mixed[k] - clean[k]);
    return 10 * std::log10(power(clean, channel, 2) / power(added, channel, 2));
  }

  ProjectFolder project_;
  DataConfig config_;
  Dataset dataset_;
};

TEST_F(NoiseTest, WhiteNoiseHasTheStatedRatioInEveryChannelOfEveryWindow) {
  ASSERT_GT(dataset_.test.size(), 3);
  for (const double snr : {20.0, 0.0, -6.0}) {
    const Dataset noisy = with_noise(dataset_, dataset_.test, Noise::white(), snr, 1);
    ASSERT_EQ(noisy.test.size(), dataset_.test.size());
    for (size_t i = 0; i < noisy.test.windows.size(); ++i)
      for (size_t channel = 0; channel < 2; ++channel) EXPECT_NEAR(ratio(noisy, i, channel), snr, 0.05) << i;
  }
}

TEST_F(NoiseTest, WhatLeavesTheSensorsRangeSaturates) {
  const Dataset noisy = with_noise(dataset_, dataset_.test, Noise::white(), -60, 1);
  EXPECT_EQ(*std::max_element(noisy.counts.begin(), noisy.counts.end()), 32767);
  EXPECT_EQ(*std::min_element(noisy.counts.begin(), noisy.counts.end()), -32768);
}

TEST_F(NoiseTest, SeedDecides) {
  const Dataset a = with_noise(dataset_, dataset_.test, Noise::white(), 5, 1);
  EXPECT_EQ(a.counts, with_noise(dataset_, dataset_.test, Noise::white(), 5, 1).counts);
  EXPECT_NE(a.counts, with_noise(dataset_, dataset_.test, Noise::white(), 5, 2).counts);
  EXPECT_NE(window(a, 0), window(a, 1));
  // Labels and groups stay with their windows.
  for (size_t i = 0; i < a.test.windows.size(); ++i) {
    EXPECT_EQ(a.test.windows[i].label, dataset_.test.windows[i].label);
    EXPECT_EQ(a.test.windows[i].group, dataset_.test.windows[i].group);
  }
}

// A humming machine: the noise that is added is the recording itself, its level apart.
TEST_F(NoiseTest, RecordedNoise) {
  project_.record("noise/hum.csv", 60, 100, [](int i) { return 40 + 3 * std::sin(i * 1.9); });
  project_.record("noise/short.csv", 5, 100, [](int) { return 0; });  // shorter than a window: no part of it
  const Result<Noise> hum = Noise::load(config_, dataset_, project_.path(), "noise/*.csv", NoiseUse::judging);
  ASSERT_TRUE(hum.ok()) << hum.error().message;
  const Dataset noisy = with_noise(dataset_, dataset_.test, *hum, 3, 1);
  EXPECT_NEAR(ratio(noisy, 0, 0), 3, 0.05);
  const std::vector<float> clean = window(dataset_, 0), mixed = window(noisy, 0);
  // A sampled sine of frequency w obeys x[i+1] + x[i-1] - 2 cos(w) x[i] = 0; less its mean, a constant for all i.
  const auto added = [&](size_t i) { return double{mixed[2 * i]} - double{clean[2 * i]}; };
  const auto recurrence = [&](size_t i) { return added(i + 1) + added(i - 1) - 2 * std::cos(1.9) * added(i); };
  for (size_t i = 2; i + 1 < 20; ++i) EXPECT_NEAR(recurrence(i), recurrence(1), 5e-3) << i;
}

// 1 in the first two thirds, 2 in the last.
TEST_F(NoiseTest, TrainingAndJudgingShareNoStretchOfARecording) {
  project_.record("noise/both.csv", 150, 100, [](int i) { return i < 100 ? 1 : 2; });
  const auto drawn = [&](NoiseUse use) {
    const Result<Noise> noise = Noise::load(config_, dataset_, project_.path(), "noise/*.csv", use);
    EXPECT_TRUE(noise.ok()) << noise.error().message;
    std::set<float> values;
    Random random(1);
    std::vector<float> window(static_cast<size_t>(dataset_.contract.elements()));
    for (int i = 0; i < 300; ++i) {
      noise->draw(dataset_.contract, random, window);
      for (size_t k = 0; k < window.size(); k += dataset_.contract.channels.size()) values.insert(window[k]);
    }
    return values;
  };
  config_.judged_noise = {"noise/b*.csv"};
  EXPECT_THAT(drawn(NoiseUse::judging), ElementsAre(1, 2)) << "training has none of it";
  config_.augment = {"jitter 0.1", "noise noise/both.csv 0 30"};
  EXPECT_THAT(drawn(NoiseUse::judging), ElementsAre(2));
  EXPECT_THAT(drawn(NoiseUse::training), ElementsAre(1));
  config_.judged_noise.clear();
  EXPECT_THAT(drawn(NoiseUse::training), ElementsAre(1, 2));

  project_.record("noise/both.csv", 50, 100, [](int i) { return i; });
  EXPECT_THAT(Noise::load(config_, dataset_, project_.path(), "noise/*.csv", NoiseUse::judging).error().message,
              AllOf(HasSubstr("noise/both.csv"), HasSubstr("less than a window"), HasSubstr("longer recording")));
}

TEST_F(NoiseTest, AChannelThatRestsStaysAtRest) {
  for (int16_t& count : dataset_.counts) count = 7;
  const Dataset noisy = with_noise(dataset_, dataset_.test, Noise::white(), 0, 1);
  for (const int16_t count : noisy.counts) EXPECT_EQ(count, 7);
}

TEST_F(NoiseTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(Noise::load(config_, dataset_, project_.path(), "noise/*.csv", NoiseUse::judging).error().message,
              HasSubstr("noise/*.csv"));
  project_.write("noise/other.csv", "timestamp,gx\n0,1\n10,2\n20,3\n");
  EXPECT_THAT(Noise::load(config_, dataset_, project_.path(), "noise/*.csv", NoiseUse::judging).error().message,
              HasSubstr("ax"));
}

}  // namespace
}  // namespace mote
