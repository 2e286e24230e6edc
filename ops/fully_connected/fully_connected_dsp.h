// Inner primitive of fully connected for Cortex-M with the DSP extension (M4, M7, M33 and up): four rows at a time.
//
// Four inputs are widened once, with the zero point folded in (SXTAB16), into the pairs (0, 2) and (1, 3); each row
// then costs one load, two SXTB16 and two SMLAD per four multiply-accumulates: 23 instructions per 16. Words are loaded
// at any alignment, which these cores allow. SMLAD wraps, so the sums equal PortableDot's bit for bit.
//
// The loop is one asm statement because it needs 13 registers: given intrinsics, GCC 12 spills four of them inside the
// loop and does not fold the rotation into SXTB16 (30 instructions per 16, at -O2).
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/fully_connected/fully_connected.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct FullyConnectedDspDot {
  // sums[r] = sum_i (input[i] + offset) * weights[r * n + i] for r < count.
  static void rows(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n, int32_t count,
                   int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    for (; count >= 4; count -= 4, weights += 4 * n, sums += 4) four(input, offset, weights, n, sums);
#endif
    for (; count > 0; --count, weights += n) *sums++ = one(input, offset, weights, n);
  }

 private:
  __attribute__((always_inline)) static void four(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n,
                                                  int32_t* sums) {
    int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    if (n >= 4) four_words(input, weights, pair(offset), n, sum0, sum1, sum2, sum3);
    for (int32_t i = 0; i < (n & 3); ++i, ++weights) {
      const int32_t x = input[i] + offset;
      sum0 = __smlabb(x, weights[0], sum0);
      sum1 = __smlabb(x, weights[n], sum1);
      sum2 = __smlabb(x, weights[2 * n], sum2);
      sum3 = __smlabb(x, weights[3 * n], sum3);
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

  static int16x2_t pair(int32_t value) {
    return static_cast<int16x2_t>((static_cast<uint32_t>(value) & 0xFFFFu) * 0x10001u);
  }
  static uint32_t word(const int8_t* p) {
    uint32_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }

// clang-format off
// Four columns of one row, whose words stand at `address`.
#define MOTE_ROW(sum, address)                 \
  "ldr %[a], " address "\n\t"                 \
  "sxtb16 %[b], %[a]\n\t"                     \
  "smlad " sum ", %[b], %[even], " sum "\n\t" \
  "sxtb16 %[a], %[a], ror #8\n\t"             \
  "smlad " sum ", %[a], %[odd], " sum "\n\t"
// Four columns of four rows; moves both pointers on.
#define MOTE_STEP                              \
  "ldr %[a], [%[x]], #4\n\t"                  \
  "sxtab16 %[even], %[o], %[a]\n\t"           \
  "sxtab16 %[odd], %[o], %[a], ror #8\n\t"    \
  MOTE_ROW("%[s1]", "[%[w], %[n]]")            \
  MOTE_ROW("%[s2]", "[%[w], %[n], lsl #1]")    \
  MOTE_ROW("%[s3]", "[%[w], %[n3]]")           \
  MOTE_ROW("%[s0]", "[%[w]], #4")

  // The columns that make whole words, of four rows; moves both pointers behind them. REQUIRES: n >= 4.
  // Four steps to a turn; the first turn begins in the middle when the number of steps is not a multiple of four.
  __attribute__((always_inline)) static void four_words(const int8_t*& input, const int8_t*& weights,
                                                        int16x2_t offsets, int32_t n, int32_t& sum0, int32_t& sum1,
                                                        int32_t& sum2, int32_t& sum3) {
    const int8_t* const end = input + (n & ~3);
    int32_t even, odd, a, b;
    __asm__(
        "ands %[a], %[n], #12\n\t"
        "beq 1f\n\t"
        "cmp %[a], #8\n\t"
        "beq 3f\n\t"
        "blt 4f\n\t"
        "b 2f\n\t"
        "1:\n\t" MOTE_STEP
        "2:\n\t" MOTE_STEP
        "3:\n\t" MOTE_STEP
        "4:\n\t" MOTE_STEP
        "ldr %[a], %[end]\n\t"
        "cmp %[x], %[a]\n\t"
        "bne 1b\n\t"
        : [x] "+r"(input), [w] "+r"(weights), [s0] "+r"(sum0), [s1] "+r"(sum1), [s2] "+r"(sum2), [s3] "+r"(sum3),
          [a] "=&r"(a), [b] "=&r"(b), [even] "=&r"(even), [odd] "=&r"(odd)
        : [o] "r"(offsets), [n] "r"(n), [n3] "r"(3 * n), [end] "m"(end)
        : "memory", "cc");
  }
// clang-format on
#undef MOTE_STEP
#undef MOTE_ROW
};

}  // namespace mote
