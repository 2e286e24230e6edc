// Readings at uneven or other times -> readings at an even rate.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace mote {

struct Resampled {
  int64_t readings = 0;
  std::vector<float> values;     // readings x channels
  std::vector<int64_t> nearest;  // per reading: the source row nearest in time (for labels and targets)
};

// `seconds` rises (repeated stamps allowed); row i of `values` (channels wide) was read at seconds[i].
// To a higher or equal rate: linear interpolation. To a lower rate: a low-pass filter evaluated at the new times, a
// sinc with its cut-off at 0.45 of the new rate under a Hann window of 4 periods each side, normalised to gain 1 at 0
// Hz.
Resampled resample(std::span<const double> seconds, std::span<const float> values, int32_t channels, double rate);

// Readings that are even already, at `from` Hz (audio): band-limited by libsamplerate's best sinc filter. As many
// readings as `to` Hz gives in the same time.
Resampled resample_even(std::span<const float> values, int32_t channels, double from, double to);

}  // namespace mote
