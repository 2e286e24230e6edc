// Floats to whole numbers, without libm. From 2^23 on a float is one; NaN and infinities stay as they are.
#pragma once
#include "device/float_math.h"

namespace mote {

// Towards zero, with the sign kept (-0.5 gives -0).
inline float trunc_float(float x) {
  const uint32_t bits = float_bits(x), sign = bits & 0x80000000u;
  const int32_t exponent = static_cast<int32_t>(bits >> 23 & 0xFF) - 127;
  if (exponent >= 23) return x;
  return float_from_bits(exponent < 0 ? sign : bits & ~(0x7FFFFFu >> exponent));
}

inline float floor_float(float x) {
  const float whole = trunc_float(x);
  return whole > x ? whole - 1.0f : whole;
}

inline float ceil_float(float x) {
  const float whole = trunc_float(x);
  if (!(whole < x)) return whole;
  return whole + 1.0f;
}

// To nearest, ties to even.
inline float round_half_even(float x) {
  const float down = floor_float(x), above = x - down;  // exact
  if (above < 0.5f || !(x - x == 0)) return down;
  const bool odd = down != 2.0f * floor_float(down / 2);
  return above > 0.5f || odd ? down + 1.0f : down;
}

}  // namespace mote
