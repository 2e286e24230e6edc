// Digital filters over a window: a cascade of second-order sections on every channel, started as if its first reading
// had stood there for ever, so that a window begins without a transient.
#pragma once
#include <stdint.h>

#include "features/fixed_point.h"

namespace mote {

constexpr int32_t kFilterFractionBits = 28;  // of coefficients: +-8
constexpr int32_t kSignalFractionBits = 12;  // of what runs between sections

// y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]
struct Biquad {
  int32_t b0, b1, b2, a1, a2;  // Q28
  int32_t gain;                // at 0 Hz, Q28
};

// Filters one channel in place, values Q12 in a word each.
inline void run_biquad(const Biquad& section, int32_t* values, int32_t count, int32_t stride) {
  int32_t x1 = values[0], x2 = x1;
  int32_t y1 = static_cast<int32_t>(rounding_shift_right(int64_t{x1} * section.gain, kFilterFractionBits)), y2 = y1;
  for (int32_t i = 0; i < count; ++i, values += stride) {
    const int32_t x = *values;
    const int64_t sum = int64_t{section.b0} * x + int64_t{section.b1} * x1 + int64_t{section.b2} * x2 -
                        int64_t{section.a1} * y1 - int64_t{section.a2} * y2;
    const int64_t wide = rounding_shift_right(sum, kFilterFractionBits);
    const int32_t y = static_cast<int32_t>(wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : wide);
    x2 = x1, x1 = x;
    y2 = y1, y1 = y;
    *values = y;
  }
}

// in, out: readings x channels. words: readings. Saturates to int16.
template <class Sections>
inline void filter(const Sections& sections, int32_t section_count, const int16_t* in, int32_t readings,
                   int32_t channels, int32_t* words, int16_t* out) {
  for (int32_t c = 0; c < channels; ++c) {
    for (int32_t i = 0; i < readings; ++i) words[i] = in[i * channels + c] * (int32_t{1} << kSignalFractionBits);
    for (int32_t s = 0; s < section_count; ++s) run_biquad(sections[s], words, readings, 1);
    for (int32_t i = 0; i < readings; ++i)
      out[i * channels + c] =
          saturate_int16((words[i] >> kSignalFractionBits) + ((words[i] >> (kSignalFractionBits - 1)) & 1));
  }
}

}  // namespace mote
