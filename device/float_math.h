// Floating-point functions for freestanding code: libm is not there on a microcontroller without a libc, and its last
// bits differ between machines. These use only +, -, * and bit operations, so every IEEE 754 machine gives the same
// bits.
#pragma once
#include "device/requantize.h"
#include "device/tensor_view.h"

namespace mote {

inline float float_from_bits(uint32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

// e^x; relative error below 2e-7 for results in the normal range, 0 below -87.3, infinity above 88.7, NaN stays NaN.
// Reduction x = n ln 2 + r with |r| <= ln 2 / 2 and ln 2 in two parts (Cody and Waite), Taylor's polynomial of sixth
// degree.
inline float exp_float(float x) {
  if (x != x) return x;
  if (x > 88.72283f) return __builtin_inff();
  if (x < -87.33654f) return 0.0f;
  const float scaled = x * 1.44269504f;
  const int32_t n = static_cast<int32_t>(scaled < 0 ? scaled - 0.5f : scaled + 0.5f);
  const float count = static_cast<float>(n);
  const float r = (x - count * 0.693359375f) - count * -2.12194440e-4f;
  float p = 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  // In two factors: 2^128 has no float, though the result may be below the largest.
  const int32_t half = n / 2;
  return p * float_from_bits(static_cast<uint32_t>(127 + half) << 23) *
         float_from_bits(static_cast<uint32_t>(127 + n - half) << 23);
}

// e^x - 1 without loss near 0: below 1/4 in size, Taylor's series.
inline float expm1_float(float x) {
  if (!(x > -0.25f && x < 0.25f)) return exp_float(x) - 1.0f;
  float p = 1.0f / 5040.0f;
  p = p * x + 1.0f / 720.0f;
  p = p * x + 1.0f / 120.0f;
  p = p * x + 1.0f / 24.0f;
  p = p * x + 1.0f / 6.0f;
  p = p * x + 0.5f;
  return p * x * x + x;
}

// (e^2x - 1) / (e^2x + 1), odd; 1 from 9 on.
inline float tanh_float(float x) {
  const float size = x < 0 ? -x : x;
  if (size > 9.0f) return x < 0 ? -1.0f : 1.0f;
  const float e = expm1_float(2.0f * size);
  const float y = e / (e + 2.0f);
  return x < 0 ? -y : y;
}

// 1 / (1 + e^-x) as TFLite's reference computes it (kernels/internal/reference/logistic.h).
inline float logistic_float(float x) {
  if (x > 16.619047f) return 1.0f;
  return x < -9.0f ? exp_float(x) : 1.0f / (1.0f + exp_float(-x));
}

// ln x: x = 2^n m with m in [sqrt(1/2), sqrt(2)), ln m = 2 artanh((m - 1) / (m + 1)) by its series, ln 2 in two parts.
// -infinity for 0, NaN below.
inline float log_float(float x) {
  if (!(x > 0)) return x == 0 ? -__builtin_inff() : __builtin_nanf("");
  if (x > 3.4028235e38f) return x;
  int32_t n = 0;
  if (x < 1.17549435e-38f) {
    x *= 16777216.0f;
    n = -24;
  }
  const uint32_t bits = float_bits(x);
  n += static_cast<int32_t>(bits >> 23) - 127;
  float m = float_from_bits((bits & 0x7FFFFF) | 0x3F800000);
  if (m > 1.41421356f) {
    m *= 0.5f;
    ++n;
  }
  const float s = (m - 1.0f) / (m + 1.0f), s2 = s * s;
  const float series = s2 * (2.0f / 3.0f + s2 * (2.0f / 5.0f + s2 * (2.0f / 7.0f + s2 * (2.0f / 9.0f))));
  const float count = static_cast<float>(n);
  return count * 0.693359375f + (s * (2.0f + series) + count * -2.12194440e-4f);
}

// Rounded to nearest, as IEEE 754 wants it; NaN below 0.
inline float sqrt_float(float x) {
  if (!(x > 0)) return x == 0 ? x : __builtin_nanf("");
  if (x > 3.4028235e38f) return x;
  return float_from_bits(float_bits_of(square_root_of_float(real_from_float_bits(float_bits(x)))));
}

// x to the nearest integer, ties away from zero, saturating at +-2^30; 0 for NaN.
inline int32_t round_to_int32(float x) {
  if (x != x) return 0;
  if (x >= 1073741824.0f) return int32_t{1} << 30;
  if (x <= -1073741824.0f) return -(int32_t{1} << 30);
  const int32_t whole = static_cast<int32_t>(x);  // towards zero
  const float rest = x - static_cast<float>(whole);
  return rest >= 0.5f ? whole + 1 : rest <= -0.5f ? whole - 1 : whole;
}

}  // namespace mote
