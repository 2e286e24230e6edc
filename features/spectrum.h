// The power spectrum of a frame of int16 readings: window, real FFT in place, squares.
//
// Fixed point: the windowed frame is shifted so that its largest value lies in [2^28, 2^29), and each of the FFT's
// stages halves, so that nothing overflows and what rounding loses stays near 2^-27 of the largest value, whatever the
// frame's level.
#pragma once
#include <stdint.h>

#include "device/program_memory.h"
#include "features/fixed_point.h"

namespace mote {

// The longest and the shortest FFT, in real values.
constexpr int32_t kLongestFft = 1024;
constexpr int32_t kShortestFft = 16;

// What a spectrum is computed with; `Window` and `Twiddles` are arrays of int16_t, in an AVR's program memory too.
template <class Window, class Twiddles>
struct SpectrumTables {
  int32_t frame;      // readings, at most fft
  int32_t fft;        // power of two
  Window window;      // frame values, Q15
  Twiddles twiddles;  // cos and sin of 2 pi k / fft, Q15, k = 0 .. fft / 4: pairs
};
template <class Window, class Twiddles>
constexpr SpectrumTables<Window, Twiddles> spectrum_tables(int32_t frame, int32_t fft, Window window,
                                                           Twiddles twiddles) {
  return {frame, fft, window, twiddles};
}

struct Complex32 {
  int32_t re, im;
};

// a * e^(-i angle) / 2, from cos and sin of the angle in Q15.
inline Complex32 rotate_halved(Complex32 a, int16_t cosine, int16_t sine) {
  return {multiply_q16(a.re, cosine) + multiply_q16(a.im, sine), multiply_q16(a.im, cosine) - multiply_q16(a.re, sine)};
}

// The first two stages of a transform in bit-reversed order, whose factors are 1 and -i: four values at a time, each
// sum a quarter.
inline void first_stages(Complex32* values, int32_t count) {
  for (Complex32* v = values; v < values + count; v += 4) {
    const Complex32 a = {(v[0].re >> 2) + (v[1].re >> 2), (v[0].im >> 2) + (v[1].im >> 2)};
    const Complex32 b = {(v[0].re >> 2) - (v[1].re >> 2), (v[0].im >> 2) - (v[1].im >> 2)};
    const Complex32 c = {(v[2].re >> 2) + (v[3].re >> 2), (v[2].im >> 2) + (v[3].im >> 2)};
    const Complex32 d = {(v[2].re >> 2) - (v[3].re >> 2), (v[2].im >> 2) - (v[3].im >> 2)};
    v[0] = {a.re + c.re, a.im + c.im};
    v[1] = {b.re + d.im, b.im - d.re};
    v[2] = {a.re - c.re, a.im - c.im};
    v[3] = {b.re - d.im, b.im + d.re};
  }
}

// Cosine and sine of 2 pi k / fft for 0 <= k < fft / 2, from the table of the first quarter.
template <class Twiddles>
inline void twiddle(const Twiddles& table, int32_t fft, int32_t k, int16_t& cosine, int16_t& sine) {
  const int32_t quarter = fft >> 2;
  const bool second = k > quarter;
  const int32_t at = second ? 2 * quarter - k : k;
  cosine = static_cast<int16_t>(second ? -table[2 * at] : table[2 * at]);
  sine = table[2 * at + 1];
}

// Radix-2 decimation in time of `count` = fft / 2 complex values in bit-reversed order; divides by `count`.
template <class Twiddles>
inline void complex_fft(Complex32* values, int32_t count, const Twiddles& twiddles, int32_t fft) {
  first_stages(values, count);
  for (int32_t half = 4; half < count; half *= 2) {
    const int32_t step = fft / (2 * half);
    for (int32_t k = 0; k < half; ++k) {
      int16_t cosine, sine;
      twiddle(twiddles, fft, k * step, cosine, sine);
      for (Complex32* v = values + k; v < values + count; v += 2 * half) {
        const Complex32 turned = rotate_halved(v[half], cosine, sine);
        const Complex32 other = {v[0].re >> 1, v[0].im >> 1};
        v[0] = {other.re + turned.re, other.im + turned.im};
        v[half] = {other.re - turned.re, other.im - turned.im};
      }
    }
  }
}

inline uint32_t squared_magnitude(int32_t re, int32_t im) {
  return static_cast<uint32_t>((static_cast<uint64_t>(int64_t{re} * re) + static_cast<uint64_t>(int64_t{im} * im)) >>
                               26);
}

// Power of bins k and fft / 2 - k, from the complex transform's values there. Each is at most 2^29 in size.
template <class Twiddles>
inline void split_bins(Complex32* values, int32_t k, int32_t mirror, const Twiddles& twiddles, int32_t fft) {
  const Complex32 a = values[k], b = values[mirror];
  const Complex32 even = {(a.re >> 1) + (b.re >> 1), (a.im >> 1) - (b.im >> 1)};
  const Complex32 odd = {(a.im >> 1) + (b.im >> 1), (b.re >> 1) - (a.re >> 1)};
  int16_t cosine, sine;
  twiddle(twiddles, fft, k, cosine, sine);
  const Complex32 turned = rotate_halved(odd, cosine, sine);
  const int32_t re = even.re >> 1, im = even.im >> 1;
  values[k].re = static_cast<int32_t>(squared_magnitude(re + turned.re, im + turned.im));
  values[mirror].re = static_cast<int32_t>(squared_magnitude(re - turned.re, im - turned.im));
}

// Windowed readings, pre-emphasized (x[i] - x[i - 1] * emphasis / 2^15, x[-1] = x[0]) and `mean` taken off, as the
// complex values of a transform of half the length, in bit-reversed order. Returns the shift that was applied to the
// products of reading and window, Q15: the largest is then in [2^28, 2^29).
template <class Window, class Twiddles>
inline int32_t load_windowed(const SpectrumTables<Window, Twiddles>& tables, const int16_t* readings, int32_t stride,
                             int32_t mean, int32_t emphasis, Complex32* values) {
  const int32_t count = tables.fft / 2;
  int32_t* const flat = &values[0].re;
  uint32_t magnitude = 0;
  int32_t before = *readings;
  for (int32_t i = 0; i < tables.frame; ++i, readings += stride) {
    const int32_t reading = *readings;
    // 17 bits and the window's 15 must stay below 2^31: half a count is given up.
    const int32_t centred = (reading - mean - ((before * emphasis) >> 15)) >> 1;
    before = reading;
    flat[i] = centred * tables.window[i];
    magnitude |= static_cast<uint32_t>(flat[i] < 0 ? ~flat[i] : flat[i]);
  }
  for (int32_t i = tables.frame; i < tables.fft; ++i) flat[i] = 0;
  const int32_t shift = leading_zeros(magnitude) - 3;  // 29 when all are 0
  for (int32_t i = 0, reversed = 0; i < count; ++i) {
    if (i <= reversed) {
      const Complex32 a = values[i], b = values[reversed];
      const int32_t down = shift < 0 ? -shift : 0, up = shift < 0 ? 0 : shift;
      values[i] = {(b.re >> down) * (int32_t{1} << up), (b.im >> down) * (int32_t{1} << up)};
      values[reversed] = {(a.re >> down) * (int32_t{1} << up), (a.im >> down) * (int32_t{1} << up)};
    }
    int32_t bit = count >> 1;
    for (; (reversed & bit) != 0; bit >>= 1) reversed ^= bit;
    reversed |= bit;
  }
  return shift;
}

// Powers of the bins 0 .. fft / 2 at `values`: bin k at values[k].re, the last at values[0].im. Returns the shift e:
// with V = the discrete Fourier transform of the windowed readings / 32768, a power is |V / fft|^2 * 2^(32 + 2 e).
// values: fft / 2.
template <class Window, class Twiddles>
inline int32_t power_spectrum(const SpectrumTables<Window, Twiddles>& tables, const int16_t* readings, int32_t stride,
                              int32_t mean, int32_t emphasis, Complex32* values) {
  const int32_t count = tables.fft / 2;
  const int32_t shift = load_windowed(tables, readings, stride, mean, emphasis, values);
  complex_fft(values, count, tables.twiddles, tables.fft);
  const Complex32 first = values[0];
  values[0].re = static_cast<int32_t>(squared_magnitude((first.re + first.im) >> 1, 0));
  values[0].im = static_cast<int32_t>(squared_magnitude((first.re - first.im) >> 1, 0));
  for (int32_t k = 1; k <= count / 2; ++k) split_bins(values, k, count - k, tables.twiddles, tables.fft);
  return shift;
}

inline uint32_t bin_power(const Complex32* values, int32_t fft, int32_t bin) {
  return static_cast<uint32_t>(bin == fft / 2 ? values[0].im : values[bin].re);
}

}  // namespace mote
