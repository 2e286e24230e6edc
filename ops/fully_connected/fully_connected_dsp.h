// Inner primitive of fully connected for Cortex-M with the DSP extension (M4, M7, M33 and up): four weight rows at a time.
//
// Four inputs are widened once, with the zero point folded in (SXTAB16), into the pairs (0, 2) and (1, 3); each row then costs
// one load, two SXTB16 and two SMLAD per four multiply-accumulates: 23 instructions per 16, all in registers. Words are
// loaded at any alignment, which these cores allow. SMLAD wraps, so the sums equal PortableDot's bit for bit.
//
// The step is one asm statement because it needs 13 registers besides the loop's bound: GCC 12 spills four of them when given
// intrinsics, and does not fold the rotation into SXTB16 (30 instructions).
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/fully_connected/fully_connected.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct FullyConnectedDspDot {
  static constexpr int32_t kRows = 4;

  // sums[r] = sum_i (input[i] + offset) * weights[r * n + i] for r < 4.
  __attribute__((noinline)) static void many(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n,
                                             int32_t* sums) {
    const int16x2_t offsets = pair(offset);
    const int32_t third_row = 3 * n;
    const int8_t* const whole = input + (n & ~3);
    int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    if ((n & 4) != 0) step(input, weights, offsets, n, third_row, sum0, sum1, sum2, sum3);
    while (input != whole) {
      step(input, weights, offsets, n, third_row, sum0, sum1, sum2, sum3);
      step(input, weights, offsets, n, third_row, sum0, sum1, sum2, sum3);
    }
    for (int32_t i = 0; i < (n & 3); ++i) {
      const int32_t x = input[i] + offset;
      sum0 = __smlabb(x, weights[i], sum0);
      sum1 = __smlabb(x, weights[n + i], sum1);
      sum2 = __smlabb(x, weights[2 * n + i], sum2);
      sum3 = __smlabb(x, weights[third_row + i], sum3);
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
  }

  static int32_t one(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n) {
    const int16x2_t offsets = pair(offset);
    int32_t sum = 0;
    for (; n >= 4; n -= 4, input += 4, weights += 4) {
      const uint32_t x = word(input), w = word(weights);
      sum = __smlad(__sxtab16(offsets, static_cast<int8x4_t>(x)), __sxtb16(static_cast<int8x4_t>(w)), sum);
      sum = __smlad(__sxtab16(offsets, static_cast<int8x4_t>(x >> 8)), __sxtb16(static_cast<int8x4_t>(w >> 8)), sum);
    }
    for (int32_t i = 0; i < n; ++i) sum = __smlabb(input[i] + offset, weights[i], sum);
    return sum;
  }

 private:
  static int16x2_t pair(int32_t value) {
    return static_cast<int16x2_t>((static_cast<uint32_t>(value) & 0xFFFFu) * 0x10001u);
  }
  static uint32_t word(const int8_t* p) {
    uint32_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }

  // Four columns of four rows; moves `input` and `weights` on by four bytes.
  __attribute__((always_inline)) static void step(const int8_t*& input, const int8_t*& weights, int16x2_t offsets,
                                                  int32_t n, int32_t third_row, int32_t& sum0, int32_t& sum1,
                                                  int32_t& sum2, int32_t& sum3) {
    int32_t even, odd, a, b;
    __asm__(
        "ldr %[a], [%[x]], #4\n\t"
        "sxtab16 %[even], %[o], %[a]\n\t"
        "sxtab16 %[odd], %[o], %[a], ror #8\n\t"
        "ldr %[a], [%[w], %[n]]\n\t"
        "sxtb16 %[b], %[a]\n\t"
        "smlad %[s1], %[b], %[even], %[s1]\n\t"
        "sxtb16 %[a], %[a], ror #8\n\t"
        "smlad %[s1], %[a], %[odd], %[s1]\n\t"
        "ldr %[a], [%[w], %[n], lsl #1]\n\t"
        "sxtb16 %[b], %[a]\n\t"
        "smlad %[s2], %[b], %[even], %[s2]\n\t"
        "sxtb16 %[a], %[a], ror #8\n\t"
        "smlad %[s2], %[a], %[odd], %[s2]\n\t"
        "ldr %[a], [%[w], %[n3]]\n\t"
        "sxtb16 %[b], %[a]\n\t"
        "smlad %[s3], %[b], %[even], %[s3]\n\t"
        "sxtb16 %[a], %[a], ror #8\n\t"
        "smlad %[s3], %[a], %[odd], %[s3]\n\t"
        "ldr %[a], [%[w]], #4\n\t"
        "sxtb16 %[b], %[a]\n\t"
        "smlad %[s0], %[b], %[even], %[s0]\n\t"
        "sxtb16 %[a], %[a], ror #8\n\t"
        "smlad %[s0], %[a], %[odd], %[s0]\n\t"
        : [x] "+r"(input), [w] "+r"(weights), [s0] "+r"(sum0), [s1] "+r"(sum1), [s2] "+r"(sum2), [s3] "+r"(sum3),
          [a] "=&r"(a), [b] "=&r"(b), [even] "=&r"(even), [odd] "=&r"(odd)
        : [o] "r"(offsets), [n] "r"(n), [n3] "r"(third_row)
        : "memory");
  }
};

}  // namespace mote
