// requantize() of four numbers for cores with Helium (Cortex-M55, M85). VQRDMULH is the doubling high product with its
// tie towards plus infinity; VRSHL to the right rounds ties towards plus infinity too, so that a negative number less 1
// makes ties go away from zero.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "this header is for cores with Helium"
#endif
#include <arm_mve.h>

#include "device/requantize.h"

namespace mote {

__attribute__((always_inline)) inline int32x4_t requantize_mve(int32x4_t x, int32x4_t multiplier, int32x4_t shift) {
  const int32x4_t none = vdupq_n_s32(0), right = vminq_s32(shift, none);
  x = vqrdmulhq_s32(vshlq_s32(x, vmaxq_s32(shift, none)), multiplier);
  return vrshlq_s32(vqaddq_s32(x, vshrq_n_s32(vandq_s32(x, right), 31)), right);
}

// requantize_down(): shifts below 0. What is added, floor(x / 2^31), is -1 where x is negative.
__attribute__((always_inline)) inline int32x4_t requantize_down_mve(int32x4_t x, int32x4_t multiplier,
                                                                    int32x4_t shift) {
  x = vqrdmulhq_s32(x, multiplier);
  return vrshlq_s32(vqdmlahq_n_s32(x, x, 1), shift);
}
__attribute__((always_inline)) inline int32x4_t requantize_down_mve(int32x4_t x, const Multiplier& m) {
  x = vqrdmulhq_n_s32(x, m.multiplier);
  return vrshlq_n_s32(vqdmlahq_n_s32(x, x, 1), m.shift);
}

}  // namespace mote
