// Powers of a spectrum as logarithms: what spectrogram, mfe, mfcc and spectral give.
//   value = log2(power / full scale + floor) * 2^10, full scale being a sine of amplitude 32768 in one bin
#pragma once
#include <stdint.h>

#include "features/fixed_point.h"

namespace mote {

// Of one window and FFT; the host derives it (features/spectrum_design.h).
struct LogPower {
  uint64_t floor;  // in units of LogPower::level()
  int32_t offset;  // log2 of full scale in those units, Q10

  // A sum of powers times Q15 weights, below 2^59, of a frame with shift e, in units that all frames share:
  // |V / fft|^2 * 2^43.
  static uint64_t level(uint64_t weighted_power, int32_t shift) { return weighted_power >> (2 * shift + 4); }
  int16_t of_level(uint64_t level) const { return saturate_int16(log2_q10(level + floor) - offset); }
};

}  // namespace mote
