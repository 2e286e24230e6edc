// Feature block "mfcc": mel-frequency cepstral coefficients, the orthonormal DCT-II of what the block "mfe" gives.
#pragma once
#include <stdint.h>

#include "features/mfe/mfe.h"

namespace mote {

constexpr int32_t kCepstrumFractionBits = 7;  // of log2 units

// Orthonormal: cosines[k * bands + m] = sqrt((k == 0 ? 1 : 2) / bands) cos(pi k (m + 1/2) / bands), Q15.
template <class Cosines>
inline void cepstrum(const int16_t* log_mel, int32_t bands, const Cosines& cosines, int32_t coefficients,
                     int16_t* row) {
  for (int32_t k = 0, at = 0; k < coefficients; ++k) {
    int64_t sum = 0;  // Q25
    for (int32_t m = 0; m < bands; ++m, ++at) sum += int32_t{log_mel[m]} * cosines[at];
    row[k] =
        saturate_int16(static_cast<int32_t>(rounding_shift_right(sum, kLogFractionBits + 15 - kCepstrumFractionBits)));
  }
}

// readings: tables.frame x channels. values: fft / 2. log_mel: bands. row: channels x coefficients, in steps of 2^-7.
template <class Window, class Twiddles, class Counts, class Weights, class Cosines>
inline void mfcc(const SpectrumTables<Window, Twiddles>& tables, const MelBank<Counts, Weights>& bank,
                 const LogPower& log, int32_t emphasis, const Cosines& cosines, int32_t coefficients,
                 const int16_t* readings, int32_t channels, Complex32* values, int16_t* log_mel, int16_t* row) {
  for (int32_t c = 0; c < channels; ++c, row += coefficients) {
    const int32_t shift = power_spectrum(tables, readings + c, channels, 0, emphasis, values);
    mel_energies(bank, log, shift, values, tables.fft, log_mel);
    cepstrum(log_mel, bank.bands, cosines, coefficients, row);
  }
}

}  // namespace mote
