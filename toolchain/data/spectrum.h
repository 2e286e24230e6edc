// Spectra for looking at recordings and telling them apart, in double; what a model sees is made by the feature blocks.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace mote {

// Power of a frame, Hann window, mean taken out, filled with zeros to a power of two: bins 0 to half of that.
std::vector<double> power_spectrum(std::span<const double> frame);

// Frames of a signal, one after the other, hop apart: frames x bins.
struct Spectrogram {
  size_t frames = 0, bins = 0;
  std::vector<double> power;
  double at(size_t frame, size_t bin) const { return power[frame * bins + bin]; }
};
// REQUIRES: signal.size() >= length, length > 1, hop > 0.
Spectrogram spectrogram(std::span<const double> signal, size_t length, size_t hop);

}  // namespace mote
