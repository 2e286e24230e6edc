// Integer arithmetic that signal blocks share: products, roots, logarithms. Exact where it says so, the same bits on
// every machine.
#pragma once
#include <stdint.h>

#include "device/bits.h"

namespace mote {

// floor(a * b / 2^16), exactly, from products of 32 bits.
inline int32_t multiply_q16(int32_t a, int16_t b) {
#if defined(__ARM_FEATURE_DSP)
  return static_cast<int32_t>((int64_t{a} * b) >> 16);  // SMULWB
#else
  return (a >> 16) * b + ((static_cast<int32_t>(static_cast<uint16_t>(a)) * b) >> 16);
#endif
}

// round(x / 2^count), ties towards plus infinity. 1 <= count <= 62.
inline int64_t rounding_shift_right(int64_t x, int32_t count) {
  return ((x >> (count - 1)) + 1) >> 1;
}

// round(x / count), ties away from zero. count > 0.
inline int32_t rounding_divide(int64_t x, int32_t count) {
  return static_cast<int32_t>((x < 0 ? x - count / 2 : x + count / 2) / count);
}

inline int32_t leading_zeros(uint64_t x) {
  const uint32_t high = static_cast<uint32_t>(x >> 32);
  return high != 0 ? leading_zeros(high) : 32 + leading_zeros(static_cast<uint32_t>(x));
}

// floor(sqrt(x)), bit by bit.
inline uint32_t integer_sqrt(uint64_t x) {
  uint64_t root = 0;
  for (uint64_t bit = x == 0 ? 0 : uint64_t{1} << ((63 - leading_zeros(x)) & ~1); bit != 0; bit >>= 2) {
    const uint64_t trial = root + bit;
    root >>= 1;
    if (x >= trial) x -= trial, root += bit;
  }
  return static_cast<uint32_t>(root);
}

constexpr int32_t kLogFractionBits = 10;

// log2(x) * 2^10, at most 0.7 of a step off. x > 0.
// The mantissa's part is log2(1 + f) = f + f (1 - f) (a + b f + c f^2): exact at both ends; a, b, c fitted for the
// least largest error, a ninth of a step.
inline int32_t log2_q10(uint64_t x) {
  const int32_t zeros = leading_zeros(x);
  const uint32_t top = static_cast<uint32_t>((x << zeros) >> 32);            // [2^31, 2^32)
  const int32_t f = static_cast<int32_t>((top & 0x7fffffffu) >> 16);         // Q15
  constexpr int32_t kA = 14376, kB = -7833, kC = 2691;                       // Q15
  const int32_t curve = kA + ((f * (kB + ((f * kC) >> 15))) >> 15);          // Q15
  const int32_t mantissa = f + ((((f * (32768 - f)) >> 15) * curve) >> 15);  // Q15
  return ((63 - zeros) << kLogFractionBits) + ((mantissa + 16) >> 5);
}

}  // namespace mote
