#include "toolchain/data/resample.h"

#include <samplerate.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mote {
namespace {

constexpr double kCutOff = 0.45;    // of the new rate
constexpr double kHalfWidth = 4.0;  // periods of the new rate

double low_pass(double periods) {  // the filter's weight at a distance in periods of the new rate
  if (std::abs(periods) >= kHalfWidth) return 0;
  const double x = 2 * kCutOff * periods * std::numbers::pi;
  const double sinc = x == 0 ? 1 : std::sin(x) / x;
  return sinc * 0.5 * (1 + std::cos(std::numbers::pi * periods / kHalfWidth));
}

}  // namespace

Resampled resample(std::span<const double> seconds, std::span<const float> values, int32_t channels, double rate) {
  Resampled result;
  const int64_t rows = static_cast<int64_t>(seconds.size());
  if (rows == 0) return result;
  const double start = seconds.front(), span = seconds.back() - start;
  result.readings = static_cast<int64_t>(std::floor(span * rate + 1e-6)) + 1;
  result.values.resize(static_cast<size_t>(result.readings * channels));
  result.nearest.resize(static_cast<size_t>(result.readings));
  const bool lower = span > 0 && static_cast<double>(rows - 1) / span > rate * 1.02;
  std::vector<double> sums(static_cast<size_t>(channels));
  int64_t row = 0, first = 0;  // row: last one at or before the new time
  for (int64_t i = 0; i < result.readings; ++i) {
    const double time = start + static_cast<double>(i) / rate;
    while (row + 1 < rows && seconds[static_cast<size_t>(row + 1)] <= time) ++row;
    const int64_t next = std::min(row + 1, rows - 1);
    const double before = seconds[static_cast<size_t>(row)], after = seconds[static_cast<size_t>(next)];
    const double fraction = after > before ? std::clamp((time - before) / (after - before), 0.0, 1.0) : 0.0;
    result.nearest[static_cast<size_t>(i)] = fraction < 0.5 ? row : next;
    float* out = &result.values[static_cast<size_t>(i * channels)];
    if (!lower) {
      for (int32_t c = 0; c < channels; ++c) {
        const double a = values[static_cast<size_t>(row * channels + c)],
                     b = values[static_cast<size_t>(next * channels + c)];
        out[c] = static_cast<float>(a + fraction * (b - a));
      }
      continue;
    }
    while ((time - seconds[static_cast<size_t>(first)]) * rate > kHalfWidth) ++first;
    std::fill(sums.begin(), sums.end(), 0.0);
    double total = 0;
    for (int64_t j = first; j < rows; ++j) {
      const double periods = (seconds[static_cast<size_t>(j)] - time) * rate;
      if (periods >= kHalfWidth) break;
      const double weight = low_pass(periods);
      total += weight;
      for (int32_t c = 0; c < channels; ++c)
        sums[static_cast<size_t>(c)] += weight * static_cast<double>(values[static_cast<size_t>(j * channels + c)]);
    }
    for (int32_t c = 0; c < channels; ++c) out[c] = static_cast<float>(sums[static_cast<size_t>(c)] / total);
  }
  return result;
}

Resampled resample_even(std::span<const float> values, int32_t channels, double from, double to) {
  Resampled result;
  const int64_t rows = static_cast<int64_t>(values.size()) / channels;
  const double ratio = to / from;
  result.readings = std::llround(static_cast<double>(rows) * ratio);
  result.values.assign(static_cast<size_t>(result.readings * channels), 0);
  SRC_DATA work{};
  work.data_in = values.data();
  work.data_out = result.values.data();
  work.input_frames = static_cast<long>(rows);
  work.output_frames = static_cast<long>(result.readings);
  work.src_ratio = ratio;
  // Fails only for a ratio outside 1/256 to 256: then by the filter above.
  if (src_simple(&work, SRC_SINC_BEST_QUALITY, channels) != 0) {
    std::vector<double> seconds(static_cast<size_t>(rows));
    for (int64_t i = 0; i < rows; ++i) seconds[static_cast<size_t>(i)] = static_cast<double>(i) / from;
    return resample(seconds, values, channels, to);
  }
  for (int64_t i = 0; i < result.readings; ++i)
    result.nearest.push_back(std::min<int64_t>(rows - 1, std::llround(static_cast<double>(i) / ratio)));
  return result;
}

}  // namespace mote
