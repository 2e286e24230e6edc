// The fixed-point form against the formula in double precision, and the stream against a whole recording.
#include "features/baseline/baseline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "features/feature.h"
#include "toolchain/base/random.h"

namespace mote {
namespace {

struct Reference {
  double mean = 0, deviation = 0;
};

Reference reference_of(const std::vector<int16_t>& baseline) {
  Reference reference;
  for (const int16_t count : baseline) reference.mean += count;
  reference.mean /= static_cast<double>(baseline.size());
  for (const int16_t count : baseline) reference.deviation += std::pow(count - reference.mean, 2);
  reference.deviation = std::sqrt(reference.deviation / static_cast<double>(baseline.size()));
  return reference;
}

RawChannel channel_of(const std::vector<int16_t>& baseline, double least) {
  BaselineSums sums{0, 0};
  for (const int16_t count : baseline) sums.sum += count, sums.squares += int32_t{count} * count;
  return baseline_channel(sums, static_cast<int32_t>(baseline.size()),
                          static_cast<int32_t>(std::lround(least * (1 << kLeastDeviationBits))));
}

double clipped(double value) {
  return std::clamp(value, -32768.0, 32767.0);
}

// The mean is kept to 1/512 of a count, the deviation to 2^-17, and a requantization rounds twice, at 1/2 and 1/4.
void expect_relative(const std::vector<int16_t>& baseline, double least) {
  const Reference reference = reference_of(baseline);
  const RawChannel channel = channel_of(baseline, least);
  const double deviation = std::max(reference.deviation, least);
  for (int32_t count = -32768; count <= 32767; count += 97) {
    const double exact =
        least == 0 ? count - reference.mean : (count - reference.mean) / deviation * (1 << kDeviationBits);
    const double tolerance = least == 0 ? 0.51 : 0.76 + 1 / deviation + std::abs(exact) / deviation * 0x1p-17;
    const int16_t relative = relative_reading(static_cast<int16_t>(count), channel);
    ASSERT_NEAR(relative, clipped(exact), tolerance)
        << count << ", mean " << reference.mean << ", deviation " << reference.deviation << ", least " << least;
  }
}

TEST(Baseline, IsTheFormulaInDoublePrecision) {
  Random random(3);
  for (const size_t readings : {2u, 3u, 60u, 400u, 9999u})
    for (const double level : {0.0, 0.4, 3.0, 200.0, 9000.0})
      for (const double middle : {-32000.0, -5.0, 0.3, 17000.0}) {
        std::vector<int16_t> baseline;
        for (size_t i = 0; i < readings; ++i)
          baseline.push_back(static_cast<int16_t>(clipped(std::round(middle + level * random.normal()))));
        for (const double least : {0.0, 0.25, 7.5, 32767.0}) expect_relative(baseline, least);
      }
}

TEST(Baseline, ExtremesStayInRange) {
  for (const size_t readings : {size_t{2}, size_t{kMostBaseline}}) {
    std::vector<int16_t> swing, low(readings, -32768), high(readings, 32767);
    for (size_t i = 0; i < readings; ++i) swing.push_back(i % 2 == 0 ? 32767 : -32768);
    std::vector<int16_t> one_step(readings, 32767);
    one_step[0] = 32766;
    for (const double least : {0.0, 0.25, 32767.0})
      for (const std::vector<int16_t>& baseline : {swing, low, high, one_step}) expect_relative(baseline, least);
  }
}

TEST(Baseline, AChannelThatStandsStillIsTakenToMoveALittle) {
  const std::vector<int16_t> still(100, 1234);
  EXPECT_EQ(relative_reading(1234, channel_of(still, 20)), 0);
  EXPECT_EQ(relative_reading(1254, channel_of(still, 20)), 1 << kDeviationBits);
  EXPECT_EQ(relative_reading(1214, channel_of(still, 20)), -(1 << kDeviationBits));
}

constexpr int32_t kChannels = 3, kBaseline = 37, kWindow = 16, kStride = 6;

// Rows are the readings themselves, so that a window shows what went in.
template <int32_t least>
struct PassingBlock {
  static constexpr int32_t kChannels = 3, kFrame = 4, kHop = 2, kRows = 7, kColumns = 12, kStride = 6,
                           kScratchBytes = 0, kBaseline = 37;
  using Stored = int8_t;
  static int32_t least_deviation(int32_t channel) { return least * (channel + 1); }
  static void row(const int16_t* frame, unsigned char*, int8_t* row) {
    for (int32_t i = 0; i < kColumns; ++i) row[i] = static_cast<int8_t>(frame[i] * 31 + (frame[i] >> 8));
  }
  static void finish(int8_t* rows, int8_t* features) { move_down(features, rows, kRows * kColumns); }
};

template <class Block>
void check_stream(const BaselineContract& baseline, int32_t slice) {
  RecordingContract contract{100, kWindow, kStride, {{"x", "", 0, 1}, {"y", "", 0, 1}, {"z", "", 0, 1}}, 0, baseline};
  constexpr int32_t kReadings = 300;
  BaselineStream<Block> stream;
  for (uint64_t recording = 0; recording < 3; ++recording) {
    Random random(recording);
    std::vector<int16_t> readings;
    for (int32_t i = 0; i < kReadings * kChannels; ++i)
      readings.push_back(
          static_cast<int16_t>(1000 * (i % kChannels) + random.normal() * (i % kChannels == 1 ? 0 : 700)));
    std::vector<int16_t> whole(readings.begin() + kBaseline * kChannels, readings.end());
    make_relative(contract, std::span(readings).first(kBaseline * kChannels), whole);
    stream.reset();
    int32_t windows = 0;
    for (int32_t at = 0; at < kReadings;) {
      const int32_t count = std::min(slice, kReadings - at);
      const int32_t taken = stream.push(&readings[static_cast<size_t>(at * kChannels)], count);
      ASSERT_GT(taken, 0);
      ASSERT_TRUE(taken == count || stream.ready());
      at += taken;
      if (!stream.ready()) continue;
      ASSERT_EQ(at, kBaseline + windows * kStride + kWindow);
      std::vector<int8_t> features(Block::kRows * Block::kColumns), expected(features.size());
      stream.finish(features.data());
      for (int32_t r = 0; r < Block::kRows; ++r)
        Block::row(&whole[static_cast<size_t>((windows * kStride + r * Block::kHop) * kChannels)], nullptr,
                   &expected[static_cast<size_t>(r * Block::kColumns)]);
      ASSERT_EQ(features, expected) << "window " << windows << ", slices of " << slice;
      ++windows;
    }
    EXPECT_EQ(windows, 1 + (kReadings - kBaseline - kWindow) / kStride);
  }
}

TEST(Baseline, AStreamGivesTheWindowsOfTheRecording) {
  constexpr int32_t kLeast = 5 << kLeastDeviationBits;
  for (const int32_t slice : {1, 3, 16, 37, 50, 300}) {
    check_stream<PassingBlock<0>>({kBaseline, {}}, slice);
    check_stream<PassingBlock<kLeast>>({kBaseline, {5, 10, 15}}, slice);
  }
}

TEST(Baseline, TravelsInTheContract) {
  const RecordingContract plain{100, 4, 2, {{"x", "g", 1, 8192}, {"y", "g", 0, 8192}}};
  for (const BaselineContract& baseline : {BaselineContract{}, {60, {}}, {60, {0.25, 310}}}) {
    RecordingContract contract = plain;
    contract.baseline = baseline;
    const auto read = contract_from_json(to_json(contract));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(*read, contract);
  }
  EXPECT_FALSE(to_json(plain).contains("baseline"));
  for (const BaselineContract& baseline : std::vector<BaselineContract>{{-1, {}},
                                                                        {kMostBaseline + 1, {}},
                                                                        {0, {1, 1}},
                                                                        {60, {1}},
                                                                        {60, {1, 0.2}},
                                                                        {60, {1, 40000}},
                                                                        {60, {1, NAN}}}) {
    RecordingContract contract = plain;
    contract.baseline = baseline;
    Json json = to_json(contract);
    json["baseline"] = {{"readings", baseline.readings}, {"least_deviation", baseline.least}};
    EXPECT_FALSE(contract_from_json(json).ok()) << json.dump();
  }
}

TEST(Baseline, WhatIsFedGivesWhatItsWindowGives) {
  Random random(9);
  const RecordingContract contract{100, 8, 4, {{"x", "g", 0, 100}, {"y", "g", 0, 100}}, 0, {20, {2, 2}}};
  std::vector<int16_t> fed(static_cast<size_t>(contract.fed_elements()));
  for (int16_t& count : fed) count = static_cast<int16_t>(400 + 30 * random.normal());
  std::vector<int16_t> window(fed.begin() + 40, fed.end());
  make_relative(contract, std::span(fed).first(40), window);
  const auto block = fit_features("raw", contract, Json::object(), {window});
  ASSERT_TRUE(block.ok()) << block.error().message;
  EXPECT_EQ((*block)->columns()[0].unit, "deviations");
  const TensorType input{DType::int8, (*block)->output_shape(), {{0.03f}, {3}}};
  std::vector<uint8_t> from_fed(16), from_window(16);
  ASSERT_TRUE((*block)->transform_fed(fed, input, from_fed).ok());
  ASSERT_TRUE((*block)->transform_stored(window, input, from_window).ok());
  EXPECT_EQ(from_fed, from_window);
}

}  // namespace
}  // namespace mote
