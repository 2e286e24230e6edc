// Readings relative to how their own recording began: its first readings are the baseline, whose mean and deviation
// each later reading is expressed by.
//   relative = saturate_int16(round((count - mean) / max(deviation, least) * 2^kDeviationBits))
//   relative = saturate_int16(round(count - mean))                        where there is no least deviation
// The least deviation is for a channel that stands still in the baseline: one step would be a great many deviations.
#pragma once
#include <stdint.h>

#include "features/fixed_point.h"
#include "features/raw/raw.h"
#include "features/stream.h"

namespace mote {

constexpr int32_t kDeviationBits = 9;        // of a deviation: 512 counts, so that +-64 of them fit
constexpr int32_t kMostBaseline = 65536;     // readings: 2^16 squares of 2^30, times 2^16, fit in 63 bits
constexpr int32_t kLeastDeviationBits = 16;  // of a deviation, in counts
constexpr int32_t kLeastDeviation = 16384;   // a quarter of a count, less than what rounding to counts makes

struct BaselineSums {
  int64_t sum;
  int64_t squares;
};

// What a channel's relative readings are made with: {mean, factor}, as raw_int8() takes it. readings: up to
// kMostBaseline; least: 0, or kLeastDeviation to INT32_MAX.
// The deviation is that of all readings, sqrt(n * squares - sum^2) / n, to 2^-16 of a count; the root has 31 bits or
// more, since the radicand is moved up first.
inline RawChannel baseline_channel(const BaselineSums& sums, int32_t readings, int32_t least) {
  const int32_t mean = rounding_divide(sums.sum * (int64_t{1} << kRawFractionBits), readings);
  if (least == 0) return {mean, int32_t{1} << 30, 1 - kRawFractionBits};
  const uint64_t radicand = static_cast<uint64_t>(readings * sums.squares - sums.sum * sums.sum);
  const int32_t even_zeros = radicand == 0 ? 0 : leading_zeros(radicand) & ~1;
  const uint64_t root = integer_sqrt(radicand << even_zeros);
  const uint64_t wide = (root << kLeastDeviationBits) >> (even_zeros / 2);
  const uint32_t own =
      static_cast<uint32_t>((wide + static_cast<uint32_t>(readings) / 2) / static_cast<uint32_t>(readings));
  const uint32_t deviation = own > static_cast<uint32_t>(least) ? own : static_cast<uint32_t>(least);
  // 2^(kDeviationBits - kRawFractionBits) / (deviation / 2^16), as mantissa and shift.
  const int32_t zeros = leading_zeros(deviation);
  const uint32_t normalized = deviation << zeros;                                 // [2^31, 2^32)
  const uint64_t quotient = ((uint64_t{1} << 62) + normalized / 2) / normalized;  // (2^30, 2^31]
  const int32_t carry = quotient >> 31 != 0 ? 1 : 0;
  return {mean, static_cast<int32_t>(quotient >> carry),
          kDeviationBits - kRawFractionBits + kLeastDeviationBits + zeros - 31 + carry};
}

inline int16_t relative_reading(int16_t count, const RawChannel& channel) {
  const int32_t distance = int32_t{count} * (int32_t{1} << kRawFractionBits) - channel.offset;
  return saturate_int16(requantize(distance, channel.multiplier, channel.shift));
}

union BaselineChannel {
  BaselineSums sums;  // until the baseline is complete
  RawChannel known;   // afterwards
};

// A FeatureStream of readings that become relative first. `Block` has besides:
//   static constexpr int32_t kBaseline;             readings
//   static int32_t least_deviation(int32_t channel)
// Starts empty in static storage; elsewhere reset() comes first.
template <class Block>
class BaselineStream {
 public:
  // Forgets all readings: the next ones are the baseline.
  void reset() {
    seen_ = 0;
    stream_.reset();
  }

  // As that of FeatureStream; readings of the baseline are taken and make no window.
  int32_t push(const int16_t* readings, int32_t count) {
    int32_t taken = 0;
    for (; taken < count && seen_ < Block::kBaseline; ++taken) learn(readings + taken * Block::kChannels);
    for (bool ready = false; taken < count && !ready; ++taken) {
      int16_t relative[Block::kChannels];
      for (int32_t c = 0; c < Block::kChannels; ++c)
        relative[c] = relative_reading(readings[taken * Block::kChannels + c], channels_[c].known);
      stream_.push(relative, 1);
      ready = stream_.ready();
    }
    return taken;
  }
  bool ready() const { return stream_.ready(); }
  void finish(int8_t* features) { stream_.finish(features); }

 private:
  void learn(const int16_t* reading) {
    for (int32_t c = 0; c < Block::kChannels; ++c) {
      BaselineSums& sums = channels_[c].sums;
      if (seen_ == 0) sums = {0, 0};
      sums.sum += reading[c];
      sums.squares += int32_t{reading[c]} * reading[c];
    }
    if (++seen_ < Block::kBaseline) return;
    for (int32_t c = 0; c < Block::kChannels; ++c) {
      const BaselineSums sums = channels_[c].sums;
      channels_[c].known = baseline_channel(sums, Block::kBaseline, Block::least_deviation(c));
    }
  }

  BaselineChannel channels_[Block::kChannels];
  int32_t seen_;  // readings of the baseline
  FeatureStream<Block> stream_;
};

}  // namespace mote
