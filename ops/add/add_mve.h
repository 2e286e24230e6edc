// The usual sum of ops/add/add.h for cores with Helium (Cortex-M55, M85), four elements at a time.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "include ops/add/add.h, which chooses the variant"
#endif
#include "device/requantize_mve.h"
#include "device/scaled_sum.h"

namespace mote {

__attribute__((noinline)) inline void add_usual_mve(const ScaledSum& p, const int8_t* larger, int32_t zero_larger,
                                                    const int8_t* smaller, int32_t zero_smaller,
                                                    const Multiplier& scale, int32_t count, int8_t* output) {
  const Multiplier in = scale, out = p.output;
  const int32x4_t low = vdupq_n_s32(p.low), high = vdupq_n_s32(p.high);
  const int32_t zero = p.zero_output;
  const auto four = [&](int32x4_t x, int32x4_t y) __attribute__((always_inline)) {
    x = vshlq_n_s32(vsubq_n_s32(x, zero_larger), kScaledSumShift - 1);
    y = vshlq_n_s32(vsubq_n_s32(y, zero_smaller), kScaledSumShift);
    const int32x4_t sum = requantize_down_mve(vaddq_s32(x, requantize_down_mve(y, in)), out);
    return vminq_s32(vmaxq_s32(vaddq_n_s32(sum, zero), low), high);
  };
  for (; count >= 4; count -= 4, larger += 4, smaller += 4, output += 4)
    vstrbq_s32(output, four(vldrbq_s32(larger), vldrbq_s32(smaller)));
  if (count <= 0) return;
  const mve_pred16_t rest = vctp32q(static_cast<uint32_t>(count));
  vstrbq_p_s32(output, four(vldrbq_z_s32(larger, rest), vldrbq_z_s32(smaller, rest)), rest);
}

}  // namespace mote
