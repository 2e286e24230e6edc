#include "features/feature.h"

#include <gtest/gtest.h>

#include <cmath>

#include "features/raw/raw.h"
#include "toolchain/base/random.h"

namespace mote {
namespace {

RecordingContract test_contract() {
  return {100, 50, 25, {{"ax", "g", 0, 8192}, {"temperature", "C", 21.5, 1024}, {"still", "", 0, 1}}};
}

std::vector<int16_t> random_counts(int64_t windows, uint64_t seed) {
  Random random(seed);
  std::vector<int16_t> counts;
  for (int64_t i = 0; i < windows * 50; ++i) {
    counts.push_back(to_count(0.3 + random.normal(), {"", "", 0, 8192}));
    counts.push_back(to_count(22 + 0.7 * random.normal(), {"", "", 21.5, 1024}));
    counts.push_back(7);
  }
  return counts;
}

FeaturePtr fitted(const std::vector<int16_t>& counts) {
  FeatureWindows windows;
  for (size_t i = 0; i < counts.size(); i += 150) windows.push_back({&counts[i], 150});
  Result<FeaturePtr> block = fit_features("raw", test_contract(), Json::object(), windows);
  EXPECT_TRUE(block.ok());
  return block.value();
}

TEST(Contract, CountsRoundSaturateAndComeBack) {
  const ChannelContract channel{"t", "C", 20, 2};
  EXPECT_EQ(to_count(20.25, channel), 1);  // half away from zero
  EXPECT_EQ(to_count(19.75, channel), -1);
  EXPECT_EQ(to_count(1e9, channel), 32767);
  EXPECT_EQ(to_count(-1e9, channel), -32768);
  EXPECT_EQ(to_count(NAN, channel), 0);
  EXPECT_DOUBLE_EQ(to_value(3, channel), 21.5);
  const Result<RecordingContract> again = contract_from_json(to_json(test_contract()));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value(), test_contract());
}

TEST(Contract, AnImageHasRowsAndColumns) {
  RecordingContract contract{0, 6, 6, {{"gray", "", 0, 1}}, 2};
  EXPECT_EQ(contract_from_json(to_json(contract)).value(), contract);
  const std::vector<int16_t> pixels = {1, 2, 3, 4, 5, 6};
  const Result<FeaturePtr> block = fit_features("raw", contract, Json::object(), {pixels});
  ASSERT_TRUE(block.ok());
  EXPECT_EQ((*block)->output_shape(), make_shape({2, 3, 1}));
}

TEST(Contract, JsonOutOfRangeIsAnError) {
  const Json good = to_json(test_contract());
  const auto says = [&](const char* place, const Json& value, const char* part) {
    Json broken = good;
    broken[Json::json_pointer(place)] = value;
    const Result<RecordingContract> read = contract_from_json(broken);
    ASSERT_FALSE(read.ok()) << broken;
    EXPECT_NE(read.error().message.find(part), std::string::npos) << read.error().message;
  };
  says("/window", 0, "out of range");
  says("/window", 2000000000, "out of range");
  says("/channels/counts_per_unit/1", 0, "out of range");
  says("/height", 7, "height");  // 50 pixels
  says("/height", -5, "out of range");
  says("/channels", Json::object(), "'name' not found");
  says("/channels/origin", "0", "type must be array");
  says("/channels/unit", {"g", "C"}, "3 channels have 2 units, 3 origins and 3 counts_per_unit");
  says("/channels/counts_per_unit", {1, 1, 1, 1}, "and 4 counts_per_unit");
}

TEST(Raw, FloatFormIsStandardised) {
  const std::vector<int16_t> counts = random_counts(40, 1);
  const FeaturePtr block = fitted(counts);
  double sum[3] = {}, squares[3] = {};
  std::vector<float> features(150);
  for (size_t i = 0; i < counts.size(); i += 150) {
    block->transform_counts({&counts[i], 150}, features);
    for (size_t k = 0; k < 150; ++k) sum[k % 3] += features[k], squares[k % 3] += features[k] * features[k];
  }
  for (int c = 0; c < 2; ++c) {  // rounding may move either by a twentieth of a deviation
    EXPECT_NEAR(sum[c] / 2000, 0, 0.05);
    EXPECT_NEAR(std::sqrt(squares[c] / 2000), 1, 0.05);
  }
  EXPECT_EQ(squares[2], 0) << "a channel that never moves carries nothing";
}

// One channel of the given counts in windows of one reading.
Json fitted_parameters(const ChannelContract& channel, const std::vector<int16_t>& counts) {
  FeatureWindows windows;
  for (const int16_t& count : counts) windows.push_back({&count, 1});
  const RecordingContract contract{0, 1, 1, {channel}};
  const Result<FeaturePtr> block = fit_features("raw", contract, Json::object(), windows);
  EXPECT_TRUE(block.ok());
  for (const float scale : {0.003f, 0.05f}) {
    int8_t feature = 0;
    const Result<void> done = (*block)->transform_int8(windows[0], scale, 3, {&feature, 1});
    EXPECT_TRUE(done.ok()) << done.error().message;
  }
  return (*block)->parameters();
}

TEST(Raw, ParametersAreAsShortAsTheDeviationAllows) {
  const auto text = [](const ChannelContract& channel, const std::vector<int16_t>& counts) {
    return fitted_parameters(channel, counts).dump();
  };
  EXPECT_EQ(text({"", "", 0, 1024}, {100, 200, 400}), R"({"mean":[0.23],"deviation":[0.12]})");
  // A large mean keeps the digits that a small deviation needs.
  EXPECT_EQ(text({"pressure", "Pa", 101325, 256}, {-1, 0, 2}), R"({"mean":[101325.0013],"deviation":[0.0049]})");
  EXPECT_EQ(text({"", "", 0, 1e-3}, {30, 31, 33}), R"({"mean":[31333.0],"deviation":[1200.0]})");
}

TEST(Raw, ChannelsThatHardlyMove) {
  const auto parameters = [](double origin, double counts_per_unit, const std::vector<int16_t>& counts) {
    return fitted_parameters({"", "", origin, counts_per_unit}, counts).dump();
  };
  EXPECT_EQ(parameters(0, 3, {7, 7}), R"({"mean":[2.33],"deviation":[0.0]})");
  // Clipped from end to end, or with one reading that is not: the rounded mean may lie beyond every count.
  EXPECT_EQ(parameters(0.05, 7, {-32768, -32768}), R"({"mean":[-4681.09],"deviation":[0.0]})");
  std::vector<int16_t> clipped(1000, -32768);
  clipped[7] = 32767;
  EXPECT_EQ(parameters(0, 1, clipped), R"({"mean":[-32702.0],"deviation":[2100.0]})");
}

TEST(Raw, Int8FormIsTheFloatFormQuantizedWithinOneStep) {
  const std::vector<int16_t> counts = random_counts(40, 2);
  const FeaturePtr block = fitted(counts);
  Random random(3);
  for (const auto& [scale, zero_point] : {std::pair{0.0236f, 3}, std::pair{0.047f, -20}, std::pair{0.002f, 0}}) {
    std::vector<int16_t> window;
    for (int i = 0; i < 150; ++i)
      window.push_back(static_cast<int16_t>(static_cast<int32_t>(random.below(65536)) - 32768));
    std::vector<float> features(150);
    std::vector<int8_t> bytes(150);
    block->transform_counts(window, features);
    ASSERT_TRUE(block->transform_int8(window, scale, zero_point, bytes).ok());
    for (size_t i = 0; i < 150; ++i) {
      const double expected = std::clamp(
          std::round(static_cast<double>(features[i]) / static_cast<double>(scale)) + zero_point, -128.0, 127.0);
      EXPECT_NEAR(bytes[i], expected, 1) << i;
    }
  }
}

TEST(Raw, TravelsAsJson) {
  const std::vector<int16_t> counts = random_counts(10, 5);
  const FeaturePtr block = fitted(counts);
  const Result<FeaturePtr> again = features_from_json(Json::parse(to_json(*block).dump()));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(to_json(**again), to_json(*block));
  std::vector<int8_t> a(150), b(150);
  ASSERT_TRUE(block->transform_int8({counts.data(), 150}, 0.02f, 0, a).ok());
  ASSERT_TRUE((*again)->transform_int8({counts.data(), 150}, 0.02f, 0, b).ok());
  EXPECT_EQ(a, b);
}

TEST(Raw, BadInputIsNamed) {
  const std::vector<int16_t> counts(150, 1);
  const FeatureWindows windows = {counts};
  EXPECT_NE(fit_features("mfcc2", test_contract(), Json::object(), windows).error().message.find("raw"),
            std::string::npos);
  EXPECT_NE(fit_features("raw", test_contract(), Json{{"bands", 3}}, windows).error().message.find("bands"),
            std::string::npos);
  EXPECT_FALSE(features_from_json(Json::parse(R"({"block":"raw"})")).ok());
  Json broken = to_json(*fitted(counts));
  broken["parameters"]["mean"].erase(0);
  EXPECT_FALSE(features_from_json(broken).ok());
}

}  // namespace
}  // namespace mote
