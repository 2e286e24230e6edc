// Feature block "mfe": of each frame and channel, the logarithm of the energy in bands that are evenly spaced on the
// mel scale, each a triangle from the centre of the band below to that of the band above.
#pragma once
#include <stdint.h>

#include "features/log_power.h"
#include "features/spectrum.h"

namespace mote {

// Between two neighbouring centres, a bin belongs to the upper band with its weight and to the lower one with the rest.
template <class Counts, class Weights>
struct MelBank {
  int32_t bands;
  int32_t first_bin;  // the lowest bin above the lowest edge
  Counts counts;      // bands + 1: bins between an edge or centre and the next
  Weights weights;    // of each of these bins, from first_bin on, Q15
};
template <class Counts, class Weights>
constexpr MelBank<Counts, Weights> mel_bank(int32_t bands, int32_t first_bin, Counts counts, Weights weights) {
  return {bands, first_bin, counts, weights};
}

// values: powers as power_spectrum() leaves them. row: bank.bands, in steps of LogPower.
template <class Counts, class Weights>
inline void mel_energies(const MelBank<Counts, Weights>& bank, const LogPower& log, int32_t shift,
                         const Complex32* values, int32_t fft, int16_t* row) {
  uint64_t lower = 0;  // what the band has from below its centre
  for (int32_t band = 0, bin = bank.first_bin, at = 0; band <= bank.bands; ++band) {
    uint64_t total = 0, upper = 0;
    for (const int32_t end = at + bank.counts[band]; at < end; ++at, ++bin) {
      const uint32_t power = bin_power(values, fft, bin);
      total += power;
      upper += uint64_t{power} * static_cast<uint16_t>(bank.weights[at]);
    }
    if (band > 0) row[band - 1] = log.of_level(LogPower::level(lower + ((total << 15) - upper), shift));
    lower = upper;
  }
}

// readings: tables.frame x channels. values: fft / 2. row: channels x bands.
template <class Window, class Twiddles, class Counts, class Weights>
inline void mfe(const SpectrumTables<Window, Twiddles>& tables, const MelBank<Counts, Weights>& bank,
                const LogPower& log, int32_t emphasis, const int16_t* readings, int32_t channels, Complex32* values,
                int16_t* row) {
  for (int32_t c = 0; c < channels; ++c, row += bank.bands) {
    const int32_t shift = power_spectrum(tables, readings + c, channels, 0, emphasis, values);
    mel_energies(bank, log, shift, values, tables.fft, row);
  }
}

}  // namespace mote
