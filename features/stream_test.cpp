// The stream gives, window after window, what the frames of each window give by themselves, however readings arrive.
#include "features/stream.h"

#include <gtest/gtest.h>

#include <vector>

#include "toolchain/base/random.h"

namespace mote {
namespace {

// A row is the weighted sum of a frame, and its first and last reading.
template <int32_t frame, int32_t hop, int32_t rows, int32_t stride, int32_t channels>
struct TestBlock {
  static constexpr int32_t kChannels = channels, kFrame = frame, kHop = hop, kRows = rows, kColumns = 3,
                           kStride = stride, kScratchBytes = 4;
  using Stored = int8_t;
  static void row(const int16_t* readings, unsigned char* scratch, int8_t* row) {
    int32_t sum = 0;
    for (int32_t i = 0; i < kFrame * kChannels; ++i) sum += readings[i] * (i + 1);
    scratch[0] = static_cast<unsigned char>(sum);
    row[0] = static_cast<int8_t>(sum);
    row[1] = static_cast<int8_t>(readings[0]);
    row[2] = static_cast<int8_t>(readings[kFrame * kChannels - 1]);
  }
  static void finish(int8_t* rows_done, int8_t* features) { move_down(features, rows_done, kRows * kColumns); }
};

template <class Block>
std::vector<int8_t> of_window(const int16_t* readings) {
  std::vector<int8_t> features(Block::kRows * Block::kColumns);
  unsigned char scratch[4];
  for (int32_t r = 0; r < Block::kRows; ++r)
    Block::row(readings + r * Block::kHop * Block::kChannels, scratch, &features[static_cast<size_t>(r) * 3]);
  return features;
}

template <class Block>
void check_stream(int32_t slice) {
  constexpr int32_t kReadings = 400;
  Random random(static_cast<uint64_t>(slice));
  std::vector<int16_t> readings;
  for (int32_t i = 0; i < kReadings * Block::kChannels; ++i)
    readings.push_back(static_cast<int16_t>(random.below(65536)));
  FeatureStream<Block> stream;
  int32_t windows = 0;
  for (int32_t repeat = 0; repeat < 2; ++repeat) {
    stream.reset();
    for (int32_t at = 0, window = 0; at < kReadings;) {
      const int32_t count = std::min(slice == 0 ? 1 + static_cast<int32_t>(random.below(40)) : slice, kReadings - at);
      const int32_t taken = stream.push(&readings[static_cast<size_t>(at * Block::kChannels)], count);
      ASSERT_GT(taken, 0);
      ASSERT_TRUE(taken == count || stream.ready());
      at += taken;
      if (!stream.ready()) continue;
      std::vector<int8_t> features(Block::kRows * Block::kColumns);
      stream.finish(features.data());
      const int32_t start = window++ * Block::kStride;
      ASSERT_EQ(features, of_window<Block>(&readings[static_cast<size_t>(start * Block::kChannels)]))
          << "window " << window << ", slices of " << slice;
      ++windows;
    }
  }
  const int32_t span = (Block::kRows - 1) * Block::kHop + Block::kFrame;
  EXPECT_EQ(windows, 2 * (1 + (kReadings - span) / Block::kStride));
}

template <class Block>
class FeatureStreamTest : public testing::Test {};
using Blocks = testing::Types<TestBlock<1, 1, 20, 5, 3>, TestBlock<1, 1, 20, 20, 2>, TestBlock<1, 1, 8, 30, 1>,
                              TestBlock<16, 8, 5, 16, 1>, TestBlock<16, 8, 5, 48, 2>, TestBlock<16, 8, 5, 77, 1>,
                              TestBlock<10, 15, 4, 15, 1>, TestBlock<10, 15, 4, 61, 1>, TestBlock<50, 10, 1, 10, 3>,
                              TestBlock<50, 90, 1, 90, 1>, TestBlock<16, 16, 6, 16, 2>>;
TYPED_TEST_SUITE(FeatureStreamTest, Blocks);

TYPED_TEST(FeatureStreamTest, WindowsAreThoseOfTheRecording) {
  for (const int32_t slice : {1, 2, 7, 16, 64, 400, 0}) check_stream<TypeParam>(slice);
}

}  // namespace
}  // namespace mote
