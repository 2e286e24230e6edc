// Inner primitive of fully connected for Cortex-M with the DSP extension (M4, M7, M33 and up): four rows at a time.
//
// Four inputs are widened once, with the zero point folded in (SXTAB16), into the pairs (0, 2) and (1, 3); each row
// then costs one load, two SXTB16 and two SMLAD per four multiply-accumulates: 23 instructions per 16. Words are loaded
// at any alignment, which these cores allow. SMLAD wraps, so the sums equal PortableDot's bit for bit.
//
// The loop is one asm statement because it needs all 14 registers: given intrinsics, GCC 12 spills inside the loop and
// does not fold the rotation into SXTB16.
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
  static void four(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n, int32_t* sums) {
    for (int32_t r = 0; r < 4; ++r) sums[r] = 0;
    const int32_t whole = n & ~3;
    if (whole > 0) four_words({input, weights, n, 3 * n, pair(offset), input + whole, sums});
    for (int32_t i = whole; i < n; ++i)
      for (int32_t r = 0; r < 4; ++r) sums[r] = __smlabb(input[i] + offset, weights[i + r * n], sums[r]);
  }

  static int32_t one(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n) {
    int32_t sum = 0;
    for (const int8_t* const end = input + n; input != end;) sum = __smlabb(*input++ + offset, *weights++, sum);
    return sum;
  }

  static int16x2_t pair(int32_t value) {
    return static_cast<int16x2_t>((static_cast<uint32_t>(value) & 0xFFFFu) * 0x10001u);
  }
  struct Words {
    const int8_t *input, *weights;
    int32_t n, n3;
    int16x2_t offsets;
    const int8_t* end;  // of the input
    int32_t* sums;
  };

// clang-format off
// r0: input; r1: weights; r2: n; r3: 3 n; r4 .. r7: sums; r8, r9: inputs, even and odd; r10, r11: weights;
// r12: offsets; lr: half of the weights.
// Four columns of one row.
#define MOTE_ROW(sum, word)              \
  "sxtb16 lr, " word "\n\t"              \
  "smlad " sum ", lr, r8, " sum "\n\t"   \
  "sxtb16 " word ", " word ", ror #8\n\t" \
  "smlad " sum ", " word ", r9, " sum "\n\t"
// Four columns of four rows; moves both pointers on. Loads stand together: behind another, each takes one cycle less.
#define MOTE_STEP                     \
  "ldr r8, [r0], #4\n\t"              \
  "ldr r10, [r1, r2]\n\t"             \
  "ldr r11, [r1, r2, lsl #1]\n\t"     \
  "sxtab16 r9, r12, r8, ror #8\n\t"   \
  "sxtab16 r8, r12, r8\n\t"           \
  MOTE_ROW("r5", "r10")                \
  MOTE_ROW("r6", "r11")                \
  "ldr r11, [r1, r3]\n\t"             \
  "ldr r10, [r1], #4\n\t"             \
  MOTE_ROW("r7", "r11")                \
  MOTE_ROW("r4", "r10")

#if defined(__OPTIMIZE_SIZE__)
#define MOTE_TURN "1:\n\t" MOTE_STEP
#else
#define MOTE_TURN        \
  "ands r8, r2, #12\n\t" \
  "beq 1f\n\t"          \
  "cmp r8, #8\n\t"      \
  "beq 3f\n\t"          \
  "blt 4f\n\t"          \
  "b 2f\n\t"            \
  "1:\n\t" MOTE_STEP    \
  "2:\n\t" MOTE_STEP    \
  "3:\n\t" MOTE_STEP    \
  "4:\n\t" MOTE_STEP
#endif

  // The columns that make whole words, of four rows. REQUIRES: there is one.
  // For speed four steps to a turn; the first turn begins in the middle when their number is not a multiple of four.
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void four_words(const Words& words) {
    register const Words* state __asm__("r0") = &words;
    __asm__ volatile(
        "ldr r4, [r0, #24]\n\t"
        "ldm r0, {r0, r1, r2, r3, r12, lr}\n\t"
        "push {r4, lr}\n\t"  // sums, end
        "mov r4, #0\n\t"
        "mov r5, #0\n\t"
        "mov r6, #0\n\t"
        "mov r7, #0\n\t"
        MOTE_TURN
        "ldr lr, [sp, #4]\n\t"
        "cmp r0, lr\n\t"
        "bne 1b\n\t"
        "pop {r8, lr}\n\t"
        "stm r8, {r4, r5, r6, r7}\n\t"
        : "+r"(state)
        :
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "memory", "cc");
  }
// clang-format on
#undef MOTE_TURN
#undef MOTE_STEP
#undef MOTE_ROW
};

}  // namespace mote
