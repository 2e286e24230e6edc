// Floating-point functions for freestanding code: libm is not there on a microcontroller without a libc, and its last
// bits differ between machines. These use only +, -, * and bit operations, so every IEEE 754 machine gives the same
// bits.
#pragma once
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
