// The product of requantize() for cores with the DSP extension (Cortex-M4, M7, M33 and up), in two instructions.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include device/requantize.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

// SMMLAR gives x + floor((x * m + 2^31) / 2^32). A multiplier of 2^30 or more doubled and read as signed is
// m = 2 * multiplier - 2^32, so that this is floor((x * 2 * multiplier + 2^31) / 2^32).
// REQUIRES: multiplier >= 2^30.
inline int32_t doubling_high_mul_dsp(int32_t x, int32_t multiplier) {
  int32_t high;
  __asm__("smmlar %0, %1, %2, %1" : "=r"(high) : "r"(x), "r"(static_cast<uint32_t>(multiplier) << 1));
  return high;
}

// One instruction, where GCC makes two comparisons.
inline int32_t saturate_int8_dsp(int32_t x) {
  return __ssat(x, 8);
}

}  // namespace mote
