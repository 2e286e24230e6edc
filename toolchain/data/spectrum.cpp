#include "toolchain/data/spectrum.h"

#include <bit>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>

namespace mote {
namespace {

using Complex = std::complex<double>;

// In place, radix 2, decimation in time. REQUIRES: a power of two.
void fourier(std::vector<Complex>& values) {
  const size_t n = values.size();
  for (size_t i = 1, j = 0; i < n; ++i) {
    size_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(values[i], values[j]);
  }
  for (size_t length = 2; length <= n; length <<= 1) {
    const double turn = -2 * std::numbers::pi / static_cast<double>(length);
    for (size_t k = 0; k < length / 2; ++k) {
      const Complex factor = std::polar(1.0, turn * static_cast<double>(k));
      for (size_t begin = 0; begin < n; begin += length) {
        Complex &a = values[begin + k], &b = values[begin + k + length / 2];
        const Complex product = factor * b;
        b = a - product, a += product;
      }
    }
  }
}

}  // namespace

std::vector<double> power_spectrum(std::span<const double> frame) {
  const auto n = static_cast<double>(frame.size());
  const double mean = std::accumulate(frame.begin(), frame.end(), 0.0) / n;
  std::vector<Complex> values(std::bit_ceil(frame.size()));
  for (size_t i = 0; i < frame.size(); ++i)
    values[i] = (frame[i] - mean) * (0.5 - 0.5 * std::cos(2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / n));
  fourier(values);
  std::vector<double> power(values.size() / 2 + 1);
  for (size_t bin = 0; bin < power.size(); ++bin) power[bin] = std::norm(values[bin]);
  return power;
}

Spectrogram spectrogram(std::span<const double> signal, size_t length, size_t hop) {
  Spectrogram result;
  for (size_t begin = 0; begin + length <= signal.size(); begin += hop) {
    const std::vector<double> power = power_spectrum(signal.subspan(begin, length));
    result.bins = power.size();
    result.power.insert(result.power.end(), power.begin(), power.end());
    ++result.frames;
  }
  return result;
}

}  // namespace mote
