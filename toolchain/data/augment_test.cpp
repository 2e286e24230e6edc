#include "toolchain/data/augment.h"

#include <gmock/gmock.h>

#include <cmath>

#include "toolchain/data/show.h"
#include "toolchain/data/simulate.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::HasSubstr;

RecordingContract contract_of(const std::vector<std::string>& names) {
  RecordingContract contract{100, 50, 50, {}};
  for (const std::string& name : names) contract.channels.push_back({name, "", 0, 1000});
  return contract;
}

Result<Augmenter> augmenter_of(const std::string& specification, const RecordingContract& contract) {
  Dataset dataset;
  dataset.contract = contract;
  dataset.channel_deviation.assign(contract.channels.size(), 2.0);
  dataset.channel_mean.assign(contract.channels.size(), 7.0);
  DataConfig config;
  config.augment = {specification};
  return Augmenter::create(config, dataset, ".");
}

std::vector<float> augmented(const std::string& specification, const RecordingContract& contract, uint64_t seed) {
  const Result<Augmenter> augmenter = augmenter_of(specification, contract);
  EXPECT_TRUE(augmenter.ok()) << augmenter.error().message;
  std::vector<float> window, scratch(static_cast<size_t>(contract.elements()));
  for (int i = 0; i < contract.elements(); ++i)
    window.push_back(static_cast<float>(i / static_cast<int>(contract.channels.size())));
  Random random(seed);
  augmenter->apply(window, scratch, random);
  return window;
}

TEST(Augment, RotationKeepsTheLengthOfEveryTriple) {
  const RecordingContract contract = contract_of({"ax", "ay", "az", "gx", "gy", "gz", "t"});
  const std::vector<float> turned = augmented("rotate 30", contract, 1);
  for (size_t row = 0; row < 50; ++row) {
    const float* v = &turned[row * 7];
    const float length = std::sqrt(3.0f) * static_cast<float>(row);
    EXPECT_NEAR(std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), length, 1e-4f * (1 + length));
    EXPECT_NEAR(v[0], v[3], 1e-4f) << "both sensors turn alike";
    EXPECT_EQ(v[6], static_cast<float>(row));
  }
  EXPECT_GT(std::abs(turned[49 * 7] - 49), 0.01f);
}

TEST(Augment, ShiftWarpScaleJitterStayWithinTheirAmounts) {
  const RecordingContract contract = contract_of({"v"});
  double squares = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const std::vector<float> shifted = augmented("shift 0.1", contract, seed),
                             warped = augmented("warp 0.2", contract, seed),
                             scaled = augmented("scale 0.1", contract, seed),
                             noisy = augmented("jitter 0.5", contract, seed);
    for (size_t i = 0; i < 50; ++i) {
      const float clean = static_cast<float>(i);
      EXPECT_LE(std::abs(shifted[i] - clean), 5.001f);
      EXPECT_LE(std::abs(warped[i] - clean), 0.2f * 24.5f + 0.001f);
      EXPECT_LE(std::abs(scaled[i] - clean), 0.1f * clean + 1e-4f);
      squares += (noisy[i] - clean) * (noisy[i] - clean);
    }
  }
  EXPECT_NEAR(std::sqrt(squares / 2500), 0.5 * 2.0, 0.05) << "jitter is a share of the channel's deviation";
}

TEST(Augment, NoiseHasTheLevelThatItSays) {
  const RecordingContract contract = contract_of({"v"});
  int noisy = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const std::vector<float> window = augmented("noise white 10 10", contract, seed);
    double noise = 0, signal = 0;
    for (size_t i = 0; i < 50; ++i) {
      noise += std::pow(window[i] - static_cast<double>(i), 2);
      signal += std::pow(static_cast<double>(i) - 24.5, 2);
    }
    if (noise == 0) continue;
    ++noisy;
    EXPECT_NEAR(10 * std::log10(signal / noise), 10, 0.01);
  }
  EXPECT_NEAR(noisy, 160, 25) << "four of five windows";
}

TEST(Augment, GainIsOneFactorAndDropALostSensor) {
  const RecordingContract contract = contract_of({"u", "v"});
  int lost = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const std::vector<float> louder = augmented("gain 6", contract, seed),
                             dropped = augmented("drop 0.3", contract, seed);
    const float factor = louder[98] / 49;
    EXPECT_LE(std::abs(20 * std::log10(factor)), 6.001f);
    for (size_t i = 0; i < 100; ++i) EXPECT_NEAR(louder[i], factor * static_cast<float>(i / 2), 1e-3f);
    for (size_t c = 0; c < 2; ++c) {
      const bool gone = dropped[98 + c] == 7;
      lost += gone;
      for (size_t i = c; i < 100; i += 2) EXPECT_EQ(dropped[i], gone ? 7 : static_cast<float>(i / 2));
    }
  }
  EXPECT_NEAR(lost, 60, 25);
}

TEST(Augment, ImagesAreFlippedAndMoved) {
  RecordingContract image{0, 12, 12, {{"r", "", 0, 1}, {"g", "", 0, 1}}, 3};  // 3 rows of 4 pixels
  const std::vector<float> plain = augmented("scale 0", image, 1);
  int flipped = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const std::vector<float> turned = augmented("flip", image, seed), moved = augmented("crop 1", image, seed);
    flipped += turned != plain;
    for (size_t y = 0; turned != plain && y < 3; ++y)
      for (size_t x = 0; x < 8; ++x) EXPECT_EQ(turned[y * 8 + x], plain[y * 8 + (3 - x / 2) * 2 + x % 2]);
    const int step = static_cast<int>(moved[10]) - static_cast<int>(plain[10]);  // row 1, column 1
    EXPECT_TRUE((step >= -5 && step <= -3) || (step >= -1 && step <= 1) || (step >= 3 && step <= 5)) << step;
  }
  EXPECT_NEAR(flipped, 20, 10);
}

TEST(Augment, MasksTakeAStretchOfRowsOrColumns) {
  const RecordingContract contract = contract_of({"v"});
  for (const bool time : {true, false}) {
    const Result<Augmenter> augmenter = augmenter_of(time ? "mask_time 0.5" : "mask_band 0.5", contract);
    ASSERT_TRUE(augmenter.ok());
    EXPECT_FALSE(augmenter->empty());
    size_t most = 0;
    for (uint64_t seed = 1; seed <= 30; ++seed) {
      Random random(seed);
      std::vector<float> features(8 * 4, 1.0f);
      augmenter->apply_to_features(features, 4, random);
      size_t masked = 0;
      for (size_t i = 0; i < (time ? 8u : 4u); ++i) masked += features[time ? i * 4 : i] == 0;
      const auto zeros = static_cast<size_t>(std::count(features.begin(), features.end(), 0.0f));
      EXPECT_EQ(zeros, masked * (time ? 4 : 8)) << "whole rows or columns";
      most = std::max(most, masked);
    }
    EXPECT_EQ(most, time ? 4u : 2u);
  }
}

TEST(Augment, OneSeedOneResult) {
  const RecordingContract contract = contract_of({"accX", "accY", "accZ"});
  EXPECT_EQ(augmented("rotate 15", contract, 7), augmented("rotate 15", contract, 7));
  EXPECT_NE(augmented("rotate 15", contract, 7), augmented("rotate 15", contract, 8));
}

TEST(Augment, BadSpecificationsAreNamed) {
  const RecordingContract contract = contract_of({"v"});
  const auto error = [&](const std::string& text) { return augmenter_of(text, contract).error().message; };
  EXPECT_THAT(error("jiter 0.1"), HasSubstr("Did you mean 'jitter'?"));
  EXPECT_THAT(error("jitter"), HasSubstr("expected an amount"));
  EXPECT_THAT(error("shift 2"), HasSubstr("from 0 to 0.9"));
  EXPECT_THAT(error("rotate 10"), HasSubstr("ax, ay, az"));
  EXPECT_THAT(error("flip"), HasSubstr("is for images"));
  EXPECT_THAT(error("noise white"), HasSubstr("two levels in dB"));
  EXPECT_THAT(error("noise white 30 0"), HasSubstr("not in order"));
  EXPECT_THAT(error("noise nothing/*.wav 0 30"), HasSubstr("nothing/*.wav"));
  RecordingContract image{0, 6, 6, {{"gray", "", 0, 1}}, 2};
  EXPECT_THAT(augmenter_of("shift 0.1", image).error().message, HasSubstr("not for images"));
  EXPECT_THAT(augmenter_of("flip 3", image).error().message, HasSubstr("takes no amount"));
  EXPECT_TRUE(Augmenter::create({}, {}, ".")->empty());
}

TEST(Example, SameSeedSameBytesAndLoadsAndShows) {
  ProjectFolder project;
  ASSERT_TRUE(write_example("gestures", "mine", project.path() / "a", 5).ok());
  ASSERT_TRUE(write_example("gestures", "mine", project.path() / "b", 5).ok());
  DataConfig config = recordings_config();
  config.window = TimeSpan{1, false};
  config.stride = TimeSpan{0.25, false};
  config.split.by = "filename:_(p\\d+)_";
  const Result<Dataset> a = load_dataset(config, project.path() / "a", {}),
                        b = load_dataset(config, project.path() / "b", {});
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->fingerprint, b->fingerprint);
  EXPECT_EQ(a->contract.elements(), 300);
  std::ifstream file(project.path() / "a" / "mote.toml");
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(file), {}), HasSubstr("name = \"mine\""));
  EXPECT_THAT(show_data(*a, 100),
              testing::AllOf(HasSubstr("swipe_left"), HasSubstr("\xE2\xA0\x80"), HasSubstr("deviation")));
  EXPECT_TRUE(data_summary(*a)["channels"]["ax"].contains("idle"));
  EXPECT_THAT(write_example("gestures", "mine", project.path() / "a", 5).error().message,
              HasSubstr("not an empty folder"));
  EXPECT_THAT(write_example("gesture", "mine", project.path() / "c", 5).error().message,
              HasSubstr("Did you mean 'gestures'?"));
}

}  // namespace
}  // namespace mote
