// Feature block "spectral": of each channel, over the window, its RMS about the mean, the logarithm of the power in
// bands of frequency, and the highest peaks of the spectrum.
#pragma once
#include <stdint.h>

#include "features/log_power.h"
#include "features/spectrum.h"

namespace mote {

constexpr int32_t kMostPeaks = 8;

// A window longer than the FFT is cut into segments that overlap by half; their powers are averaged (Welch's method).
template <class Edges>
struct BandLayout {
  int32_t readings;  // of the window
  int32_t segments;
  int32_t hop;    // readings between the starts of two segments
  int32_t bands;  // band b: bins edges[b] .. edges[b + 1] - 1
  Edges edges;    // bands + 1
  int32_t peaks;  // at most kMostPeaks
};
template <class Edges>
constexpr BandLayout<Edges> band_layout(int32_t readings, int32_t segments, int32_t hop, int32_t bands, Edges edges,
                                        int32_t peaks) {
  return {readings, segments, hop, bands, edges, peaks};
}

struct MeanAndDeviation {
  int32_t mean, deviation;  // counts, rounded
};
inline MeanAndDeviation mean_and_deviation(const int16_t* readings, int32_t count, int32_t stride) {
  int64_t sum = 0;
  for (int32_t i = 0; i < count; ++i) sum += readings[i * stride];
  const int32_t mean = rounding_divide(sum, count);
  uint64_t squares = 0;
  for (int32_t i = 0; i < count; ++i) {
    const int64_t distance = readings[i * stride] - mean;
    squares += static_cast<uint64_t>(distance * distance);
  }
  return {mean, static_cast<int32_t>((integer_sqrt(squares * 16 / static_cast<uint64_t>(count)) + 2) >> 2)};
}

// The `peaks` highest bins that exceed both neighbours, highest first: pairs of bin (Q5) and logarithm of the level;
// where there are fewer, bin 0 and the logarithm of nothing. levels: bins 0 .. last.
template <class Layout>
inline void find_peaks(const Layout& layout, const LogPower& log, const uint64_t* levels, int32_t last, int16_t* row) {
  int32_t found[kMostPeaks], count = 0;
  for (int32_t bin = 1; bin < last; ++bin) {
    if (levels[bin] <= levels[bin - 1] || levels[bin] < levels[bin + 1]) continue;
    int32_t at = count < layout.peaks ? count++ : layout.peaks;
    for (; at > 0 && levels[found[at - 1]] < levels[bin]; --at)
      if (at < layout.peaks) found[at] = found[at - 1];
    if (at < layout.peaks) found[at] = bin;
  }
  for (int32_t i = 0; i < layout.peaks; ++i) {
    *row++ = static_cast<int16_t>(i < count ? found[i] * 32 : 0);
    *row++ = log.of_level(i < count ? levels[found[i]] : 0);
  }
}

// `log` is that of the sum of all segments. readings: layout.readings x channels. values: fft / 2; levels: fft / 2 + 1.
// row: channels x (1 + bands + 2 peaks).
template <class Window, class Twiddles, class Edges>
inline void spectral(const SpectrumTables<Window, Twiddles>& tables, const BandLayout<Edges>& layout,
                     const LogPower& log, const int16_t* readings, int32_t channels, Complex32* values,
                     uint64_t* levels, int16_t* row) {
  const int32_t last = tables.fft / 2;
  for (int32_t c = 0; c < channels; ++c) {
    const MeanAndDeviation moments = mean_and_deviation(readings + c, layout.readings, channels);
    for (int32_t bin = 0; bin <= last; ++bin) levels[bin] = 0;
    for (int32_t s = 0; s < layout.segments; ++s) {
      const int16_t* const segment = readings + c + s * layout.hop * channels;
      const int32_t shift = power_spectrum(tables, segment, channels, moments.mean, 0, values);
      for (int32_t bin = 0; bin <= last; ++bin)
        levels[bin] += LogPower::level(uint64_t{bin_power(values, tables.fft, bin)} << 15, shift);
    }
    *row++ = saturate_int16(moments.deviation);
    for (int32_t b = 0; b < layout.bands; ++b) {
      uint64_t sum = 0;
      for (int32_t bin = layout.edges[b]; bin < layout.edges[b + 1]; ++bin) sum += levels[bin];
      *row++ = log.of_level(sum);
    }
    find_peaks(layout, log, levels, last, row);
    row += 2 * layout.peaks;
  }
}

}  // namespace mote
