// Every feature block in firmware, on the emulated boards: the bytes of the host, window by window.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "features/feature.h"
#include "toolchain/base/process.h"
#include "toolchain/base/random.h"
#include "toolchain/measure/feature_cost.h"

namespace mote {
namespace {

namespace fs = std::filesystem;

struct BlockCase {
  const char* name;
  const char* kind;
  Json options;
  double rate;
  int32_t window, stride, channels;
  BaselineContract baseline = {};
};

const std::vector<BlockCase>& cases() {
  static const std::vector<BlockCase> all = {
      {"raw", "raw", Json::object(), 100, 50, 10, 3},
      {"raw_filtered", "raw", {{"filter", {"highpass 0.5 Hz", "lowpass 20 Hz order 4"}}}, 100, 100, 25, 3},
      {"statistics", "statistics", Json::object(), 100, 100, 25, 3},
      {"statistics_filtered",
       "statistics",
       {{"statistics", {"rms", "kurtosis"}}, {"filter", "notch 25 Hz"}},
       100,
       64,
       64,
       2},
      {"raw_by_baseline", "raw", Json::object(), 100, 50, 10, 3, {30, {40, 0.25, 2000}}},
      {"raw_by_mean", "raw", {{"filter", "lowpass 20 Hz"}}, 100, 40, 10, 2, {17, {}}},
      {"statistics_by_baseline", "statistics", Json::object(), 100, 60, 20, 2, {60, {0.25, 0.25}}},
      {"spectral", "spectral", Json::object(), 100, 100, 100, 3},
      {"spectral_averaged", "spectral", {{"fft", 32}, {"bands", 5}, {"peaks", 3}}, 100, 200, 50, 2},
      {"spectrogram", "spectrogram", {{"frame", "16 samples"}, {"hop", "8 samples"}}, 1000, 64, 16, 2},
      {"mfe", "mfe", {{"emphasis", 0.97}, {"window", "hamming"}}, 16000, 4000, 4000, 1},
      {"mfcc", "mfcc", Json::object(), 16000, 16000, 8000, 1},
      {"mfcc_delta", "mfcc", {{"frame", "32 ms"}, {"hop", "16 ms"}, {"delta", 2}}, 8000, 1024, 256, 1},
  };
  return all;
}

constexpr float kScale = 0.031f;
constexpr int32_t kZeroPoint = 5;
constexpr size_t kWindows = 4;

// Loud, quiet, still and clipped stretches.
std::vector<int16_t> readings_for(const BlockCase& block) {
  Random random(17);
  std::vector<int16_t> counts;
  for (size_t w = 0; w < kWindows; ++w)
    for (int32_t i = 0; i < block.baseline.readings + block.window; ++i)
      for (int32_t c = 0; c < block.channels; ++c) {
        const double level = w == 0 ? 9000 : w == 1 ? 150 : w == 2 ? 60000 : 0;
        const double value = 300 * c + level * (std::sin(0.2 * (c + 1) * i + 1e-4 * i * i) + 0.2 * random.normal());
        counts.push_back(to_count(value, {"", "", 0, 1}));
      }
  return counts;
}

class FeaturesOnTheBoard : public testing::TestWithParam<size_t> {
 protected:
  void check(const BlockCase& one, const FeatureBlock& block, const std::vector<int16_t>& readings,
             const std::vector<uint8_t>& expected, const std::string& name) {
    const auto board = find_board(name);
    ASSERT_TRUE(board.ok());
    const fs::path scratch = fs::temp_directory_path();
    MeasureOptions options;
    options.folder = scratch / fmt::format("mote_features_{}_{}_{}", one.name, name, getpid());
    options.cache = scratch / fmt::format("mote_features_cache_{}", getpid());
    if (const char* const build = std::getenv("MOTE_BINARY_DIR"))
      options.counter = fs::path(build) / "libmote_count.so";
    options.rows = {reinterpret_cast<const uint8_t*>(readings.data()), readings.size() * 2};
    std::vector<uint8_t> outputs;
    const auto cost = measure_features(block, **board, options, {}, &outputs, kScale, kZeroPoint);
    fs::remove_all(options.folder);
    ASSERT_TRUE(cost.ok()) << cost.error().message;
    EXPECT_EQ(outputs, expected) << name;
    RecordProperty(name + "_cycles", fmt::format("{:.0f}", cost->latency.cycles.typical));
    RecordProperty(name + "_flash", fmt::format("{}", cost->flash_bytes));
    RecordProperty(name + "_ram", fmt::format("{}", cost->ram_bytes));
  }
};

TEST_P(FeaturesOnTheBoard, GiveTheBytesOfTheHost) {
  const BlockCase& one = cases()[GetParam()];
  if (!find_program("arm-none-eabi-g++") || !find_program("qemu-system-arm")) GTEST_SKIP() << "no cross compiler";
  RecordingContract contract{one.rate, one.window, one.stride, {}, 0, one.baseline};
  for (int32_t c = 0; c < one.channels; ++c)
    contract.channels.push_back({std::string(1, static_cast<char>('x' + c)), "", 0, 1000});
  const auto window_counts = static_cast<size_t>(contract.elements());
  const std::vector<int16_t> readings = readings_for(one);
  const auto fed = static_cast<size_t>(contract.fed_elements()), before = fed - window_counts;
  std::vector<int16_t> relative = readings;
  FeatureWindows windows;
  for (size_t w = 0; w < kWindows; ++w) {
    const std::span<int16_t> window = std::span(relative).subspan(w * fed + before, window_counts);
    make_relative(contract, std::span(readings).subspan(w * fed, before), window);
    windows.push_back(window);
  }
  const Result<FeaturePtr> block = fit_features(one.kind, contract, one.options, windows);
  ASSERT_TRUE(block.ok()) << block.error().message;
  const auto elements = static_cast<size_t>((*block)->output_shape().elements());
  std::vector<uint8_t> expected(elements * kWindows);
  for (size_t w = 0; w < kWindows; ++w)
    ASSERT_TRUE((*block)->transform_int8(windows[w], kScale, kZeroPoint,
                                         {reinterpret_cast<int8_t*>(expected.data()) + w * elements, elements}));
  std::vector<std::string> boards = {"nano33ble", "rp2040"};
  const bool small = (*block)->stream_bytes() < 2000;  // an AVR's memory: the model's arena and test come besides
  if (small && one.rate <= 100 && find_program("avr-g++")) boards.emplace_back("mega2560");
  for (const std::string& board : boards) check(one, **block, readings, expected, board);
}

INSTANTIATE_TEST_SUITE_P(Blocks, FeaturesOnTheBoard, testing::Range<size_t>(0, cases().size()),
                         [](const auto& one) { return cases()[one.param].name; });

}  // namespace
}  // namespace mote
