// The signal blocks once more in double precision, straight from their definitions: what the fixed-point ones are
// measured against.
#pragma once
#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

namespace mote::reference {

using Reals = std::vector<double>;

inline double hann(int i, int n) {
  return 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / n);
}

// |DFT|^2 of Hann-windowed values, zero-padded to `fft`, over that of a sine of amplitude 1 at a bin: bins 0 .. fft/2.
inline Reals powers(const Reals& values, int fft) {
  const int n = static_cast<int>(values.size());
  double gain = 0;
  for (int i = 0; i < n; ++i) gain += hann(i, n) / 2;
  Reals result;
  for (int k = 0; k <= fft / 2; ++k) {
    std::complex<double> sum = 0;
    for (int i = 0; i < n; ++i) sum += values[i] * hann(i, n) * std::polar(1.0, -2 * std::numbers::pi * k * i / fft);
    result.push_back(std::norm(sum) / (gain * gain));
  }
  return result;
}

inline double decibels(double power, double floor_db) {
  return 10 * std::log10(power + std::pow(10, floor_db / 10));
}

inline double mel_of(double hertz) {
  return 2595 * std::log10(1 + hertz / 700);
}

// Triangular bands between `low` and `high` Hz.
inline Reals log_mel(const Reals& values, int fft, double rate, int bands, double low, double high, double floor_db) {
  const Reals power = powers(values, fft);
  Reals edges, result;
  for (int i = 0; i <= bands + 1; ++i) {
    const double mel = mel_of(low) + (mel_of(high) - mel_of(low)) * i / (bands + 1);
    edges.push_back(700 * (std::pow(10, mel / 2595) - 1));
  }
  for (int b = 1; b <= bands; ++b) {
    double sum = 0;
    for (int k = 0; k <= fft / 2; ++k) {
      const double f = k * rate / fft, rise = (f - edges[b - 1]) / (edges[b] - edges[b - 1]),
                   fall = (edges[b + 1] - f) / (edges[b + 1] - edges[b]);
      sum += std::max(0.0, std::min(rise, fall)) * power[k];
    }
    result.push_back(decibels(sum, floor_db));
  }
  return result;
}

// Orthonormal DCT-II.
inline Reals cosine_transform(const Reals& values, int coefficients) {
  const int n = static_cast<int>(values.size());
  Reals result;
  for (int k = 0; k < coefficients; ++k) {
    double sum = 0;
    for (int m = 0; m < n; ++m) sum += values[m] * std::cos(std::numbers::pi * k * (m + 0.5) / n);
    result.push_back(sum * std::sqrt((k == 0 ? 1.0 : 2.0) / n));
  }
  return result;
}

// mean, deviation, rms, min, max, skew, kurtosis, share of steps that cross the mean
inline Reals statistics(const Reals& x) {
  const double n = static_cast<double>(x.size());
  double mean = 0, square = 0, m2 = 0, m3 = 0, m4 = 0, low = x[0], high = x[0], crossings = 0;
  for (const double v : x) mean += v / n, square += v * v / n, low = std::min(low, v), high = std::max(high, v);
  for (const double v : x) m2 += std::pow(v - mean, 2) / n;
  for (const double v : x) m3 += std::pow(v - mean, 3) / n, m4 += std::pow(v - mean, 4) / n;
  for (size_t i = 1; i < x.size(); ++i) crossings += (x[i] > mean) != (x[i - 1] > mean);
  return {mean,
          std::sqrt(m2),
          std::sqrt(square),
          low,
          high,
          m2 > 0 ? m3 / std::pow(m2, 1.5) : 0,
          m2 > 0 ? m4 / (m2 * m2) : 0,
          crossings / (n - 1)};
}

}  // namespace mote::reference
