// ChannelMultiplier::of() of four scales at a time for cores with Helium (Cortex-M55, M85), with the same bits.
//
// The multiplier is floor(V) or one more, V = a * b * 2^k / divisor for the mantissas a of the input's scale, b of the
// weights', and the k in 6 .. 8 that makes V at least 2^30 and below 2^31. Its approximation q by the high word of b
// and the truncated a * 2^s / divisor is at most one too small: both are cut by less than a unit of the high word, and
// so is the half of that. The remainder a * b * 2^k - q * divisor, which is in 0 .. 2 * divisor, is exact in 32 bits
// that wrap, and so is what multiplier_of_quotient() compares it with.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "this header is for cores with Helium"
#endif
#include <arm_mve.h>

#include "device/requantize.h"

namespace mote {

class MveMultipliers {
 public:
  // REQUIRES: bits of floats that are positive and finite.
  MveMultipliers(uint32_t input, uint32_t output) : one_by_one_(input, output) {
    const NormalFloat a(input), b(output);
    input_ = a.mantissa;
    divisor_ = b.mantissa;
    exponent_ = a.exponent - b.exponent;
    uint32_t remainder = input_ >= divisor_ ? input_ - divisor_ : input_, quotient = 0;
    for (int32_t i = 0; i < 4; ++i) {
      const uint32_t digit = (remainder << 8) / divisor_;
      remainder = (remainder << 8) - digit * divisor_;
      quotient = quotient << 8 | digit;
    }
    drop_ = input_ >= divisor_ ? 1 : 0;
    reciprocal_ = drop_ != 0 ? quotient >> 1 | 0x80000000 : quotient;
  }

  // `weights`: bits of floats that are not negative and finite. A multiplier of 0 has the shift -1. Without predicates,
  // for which GCC 12 wants three more instructions each: a negative number shifted right by 31 is -1, others 0.
  __attribute__((always_inline)) void of(uint32x4_t weights, int32x4_t& multipliers, int32x4_t& shifts) const {
    const int32_t divisor = static_cast<int32_t>(divisor_);
    const uint32x4_t b = vorrq_n_u32(vshlq_n_u32(weights, 8), 0x80000000);
    const uint32x4_t high = vmulhq_u32(b, vdupq_n_u32(reciprocal_));
    const int32x4_t two = vshrq_n_s32(vreinterpretq_s32_u32(high), 31);  // 32 bits with the larger k
    int32x4_t q = vreinterpretq_s32_u32(vshlq_u32(high, two));
    const uint32x4_t product = vshlq_u32(vmulq_n_u32(vshrq_n_u32(b, 8), input_), vaddq_n_s32(two, 8 - drop_));
    int32x4_t rest = vsubq_n_s32(vsubq_s32(vreinterpretq_s32_u32(product), vmulq_n_s32(q, divisor)), divisor);
    const int32x4_t right = vshrq_n_s32(rest, 31);  // and not one too small
    q = vaddq_n_s32(vaddq_s32(q, right), 1);
    // 2^31 before it is rounded belongs to another k; denormal weights may be more than none.
    if (vminvq_s32(0, q) < 0 || exponent_ > 90) {
      apart(weights, multipliers, shifts);
      return;
    }
    rest = vsubq_s32(rest, vmulq_n_s32(right, divisor));
    const int32x4_t drop = vsubq_s32(vdupq_n_s32(drop_), two);
    const int32x4_t half = vshlq_s32(vsubq_n_s32(vshlq_n_s32(rest, 1), divisor), drop);
    const int32x4_t less = vshrq_n_s32(vshlq_s32(vdupq_n_s32(divisor), drop), 22);
    q = vaddq_n_s32(vaddq_s32(q, vshrq_n_s32(vaddq_s32(half, less), 31)), 1);
    const int32x4_t over = vshrq_n_s32(q, 31);  // 2^31
    const int32x4_t exponent = vaddq_n_s32(vreinterpretq_s32_u32(vshrq_n_u32(weights, 23)), exponent_ - 150 + 23);
    const int32x4_t shift = vsubq_s32(vaddq_s32(exponent, drop), over);
    const int32x4_t none = vshrq_n_s32(vaddq_n_s32(shift, 31), 31);
    multipliers = vbicq_s32(vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(q), over)), none);
    shifts = vorrq_s32(shift, none);
  }

 private:
  __attribute__((noinline)) void apart(uint32x4_t weights, int32x4_t& multipliers, int32x4_t& shifts) const {
    uint32_t bits[4];
    int32_t of[4], shift[4];
    vstrwq_u32(bits, weights);
    for (int32_t i = 0; i < 4; ++i) {
      Multiplier m = {0, 0};
      one_by_one_.of(bits[i], m);
      of[i] = m.multiplier;
      shift[i] = m.multiplier == 0 ? -1 : m.shift;
    }
    multipliers = vldrwq_s32(of);
    shifts = vldrwq_s32(shift);
  }

  ChannelMultiplier one_by_one_;
  uint32_t input_, divisor_, reciprocal_;  // reciprocal_: input / divisor as a fraction of 32 bits, the first a one
  int32_t exponent_, drop_;                // drop_: 8 - k of the smallest product
};

}  // namespace mote
