// What the compiled engine's convolutions do with a sum. A table has kScaleWords for each four outputs: what their sums
// begin with, then of each output the doubled multiplier and 2^(33 + shift). REQUIRES: a multiplier of at least 2^30, a
// shift of -3 at most, all of int8 as the range.
#pragma once
#include "device/requantize.h"

namespace mote {

constexpr int32_t kScaleOutputs = 4, kScaleWords = 12;
constexpr int32_t kLargestScaleShift = -3;

// requantize_to_int8(); `scale`: multiplier and power; rounding = 2 * zero point + 1.
inline int8_t packed_output(int32_t sum, const int32_t* scale, int32_t rounding) {
#if defined(__ARM_FEATURE_DSP)
  int32_t x;
  __asm__("smmlar %0, %1, %2, %1\n\tadd %0, %0, %0, asr #31\n\tsmmla %0, %0, %3, %4\n\tssat %0, #8, %0, asr #1"
          : "=&r"(x)
          : "r"(sum), "r"(scale[0]), "r"(scale[1]), "r"(rounding));
  return static_cast<int8_t>(x);
#else
  const int32_t high = doubling_high_mul(sum, static_cast<int32_t>(static_cast<uint32_t>(scale[0]) >> 1));
  const int32_t scaled = static_cast<int32_t>((int64_t{high + (high >> 31)} * scale[1]) >> 32);
  return static_cast<int8_t>(clamp((scaled + rounding) >> 1, -128, 127));
#endif
}

}  // namespace mote
