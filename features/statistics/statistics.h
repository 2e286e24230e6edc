// Feature block "statistics": of each channel, over the window, the moments and extremes that are asked for.
#pragma once
#include <stdint.h>

#include "features/fixed_point.h"

namespace mote {

enum class Statistic : uint8_t { mean, deviation, rms, minimum, maximum, skew, kurtosis, crossings };
constexpr int32_t kStatistics = 8;
constexpr int32_t kMostStatisticsReadings = 1 << 15;  // their sums of squares fit 64 bits

constexpr int32_t kMomentFractionBits = 10;    // of skew and kurtosis: +-32
constexpr int32_t kCrossingFractionBits = 15;  // of the share of steps that cross the mean

// Sums over the window of powers of the distance from the mean over the standard deviation, Q12.
struct Moments {
  int64_t cubes, fourths;
};

// Divides distances from the mean by the standard deviation: Q12, within +-128 so that no power overflows.
inline Moments higher_moments(const int16_t* readings, int32_t count, int32_t stride, int32_t mean_q8,
                              uint32_t deviation_q8) {
  Moments moments = {0, 0};
  if (deviation_q8 == 0) return moments;
  constexpr int64_t kMost = int64_t{128} << 12;
  const int64_t inverse = (int64_t{1} << 40) / deviation_q8;
  for (int32_t i = 0; i < count; ++i, readings += stride) {
    const int32_t distance = int32_t{*readings} * 256 - mean_q8;
    const int64_t ratio = (distance * inverse) >> 28;
    const int32_t z = static_cast<int32_t>(ratio < -kMost ? -kMost : ratio > kMost ? kMost : ratio);
    const int64_t square = (int64_t{z} * z) >> 12;
    moments.cubes += (square * z) >> 12;
    moments.fourths += (square * square) >> 12;
  }
  return moments;
}

// count: 2 to kMostStatisticsReadings. values: kStatistics numbers, in the order of the enumeration. Mean, deviation,
// RMS and extremes are in counts, rounded; a channel that does not move has skew and kurtosis 0.
inline void channel_statistics(const int16_t* readings, int32_t count, int32_t stride, int16_t* values) {
  int64_t sum = 0;
  uint64_t squares = 0;
  int32_t low = 32767, high = -32768;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t x = readings[i * stride];
    sum += x;
    squares += static_cast<uint32_t>(x * x);
    low = x < low ? x : low;
    high = x > high ? x : high;
  }
  const int32_t mean_q8 = rounding_divide(sum * 256, count);
  uint64_t variance_sum = 0;  // Q16
  int32_t crossings = 0;
  bool above = false;
  for (int32_t i = 0; i < count; ++i) {
    const int32_t distance = int32_t{readings[i * stride]} * 256 - mean_q8;
    variance_sum += static_cast<uint64_t>(int64_t{distance} * distance);
    const bool now_above = distance > 0 || (distance == 0 && above);
    crossings += i > 0 && now_above != above;
    above = now_above;
  }
  const uint64_t n = static_cast<uint64_t>(count);
  const uint32_t deviation_q8 = integer_sqrt(variance_sum / n);
  const Moments moments = higher_moments(readings, count, stride, mean_q8, deviation_q8);
  values[0] = saturate_int16((mean_q8 + 128) >> 8);
  values[1] = saturate_int16(static_cast<int32_t>((deviation_q8 + 128) >> 8));
  values[2] = saturate_int16(static_cast<int32_t>((integer_sqrt((squares * 256 + n / 2) / n) + 8) >> 4));
  values[3] = static_cast<int16_t>(low);
  values[4] = static_cast<int16_t>(high);
  values[5] = saturate_int16(rounding_divide(moments.cubes, count * 4));
  values[6] = saturate_int16(rounding_divide(moments.fourths, count * 4));
  const int32_t steps = count > 1 ? count - 1 : 1;
  values[7] = saturate_int16(rounding_divide(int64_t{crossings} << kCrossingFractionBits, steps));
}

// readings: count x channels. row: channels x chosen values, a channel's values together.
template <class Chosen>
inline void statistics(const int16_t* readings, int32_t count, int32_t channels, const Chosen& chosen,
                       int32_t chosen_count, int16_t* row) {
  for (int32_t c = 0; c < channels; ++c) {
    int16_t values[kStatistics];
    channel_statistics(readings + c, count, channels, values);
    for (int32_t i = 0; i < chosen_count; ++i) *row++ = values[static_cast<int32_t>(chosen[i])];
  }
}

}  // namespace mote
