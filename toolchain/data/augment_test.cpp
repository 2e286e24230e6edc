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

std::vector<float> augmented(const std::string& specification, const RecordingContract& contract, uint64_t seed) {
  const std::vector<double> deviation(contract.channels.size(), 2.0);
  const Result<Augmenter> augmenter = Augmenter::create({specification}, contract, deviation);
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

TEST(Augment, OneSeedOneResult) {
  const RecordingContract contract = contract_of({"accX", "accY", "accZ"});
  EXPECT_EQ(augmented("rotate 15", contract, 7), augmented("rotate 15", contract, 7));
  EXPECT_NE(augmented("rotate 15", contract, 7), augmented("rotate 15", contract, 8));
}

TEST(Augment, BadSpecificationsAreNamed) {
  const RecordingContract contract = contract_of({"v"});
  const std::vector<double> deviation = {1};
  const auto error = [&](const std::string& text) {
    return Augmenter::create({text}, contract, deviation).error().message;
  };
  EXPECT_THAT(error("jiter 0.1"), HasSubstr("Did you mean 'jitter'?"));
  EXPECT_THAT(error("jitter"), HasSubstr("expected an amount"));
  EXPECT_THAT(error("shift 2"), HasSubstr("from 0 to 0.9"));
  EXPECT_THAT(error("rotate 10"), HasSubstr("ax, ay, az"));
  EXPECT_TRUE(Augmenter::create({}, contract, deviation)->empty());
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
