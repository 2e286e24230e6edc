// Feature block "spectrogram": of each frame and channel, the logarithm of the power in every bin of the FFT.
#pragma once
#include <stdint.h>

#include "features/log_power.h"
#include "features/spectrum.h"

namespace mote {

// readings: tables.frame x channels. values: fft / 2. row: channels x (fft / 2 + 1), in steps of LogPower.
template <class Window, class Twiddles>
inline void spectrogram(const SpectrumTables<Window, Twiddles>& tables, const LogPower& log, int32_t emphasis,
                        const int16_t* readings, int32_t channels, Complex32* values, int16_t* row) {
  for (int32_t c = 0; c < channels; ++c) {
    const int32_t shift = power_spectrum(tables, readings + c, channels, 0, emphasis, values);
    for (int32_t bin = 0; bin <= tables.fft / 2; ++bin)
      *row++ = log.of_level(LogPower::level(uint64_t{bin_power(values, tables.fft, bin)} << 15, shift));
  }
}

}  // namespace mote
