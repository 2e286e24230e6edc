// Inner primitives of depthwise_conv_2d_nine.h for Cortex-M with the DSP extension (M4, M7, M33 and up). With the words
// (x0 x1) and (x2 x3) of a row and (w0 w1) and (w1 w2) of its taps,
//   y0 = x0 w0 + x1 w1 + x2 w2 = SMLAD + SMLABT, y1 = x1 w0 + x2 w1 + x3 w2 = SMLATB + SMLAD:
// two instructions for three products. In steps of one, two by two outputs share loads and constants. All sums wrap,
// so they equal the portable ones bit for bit.
//
// The loops over outputs are asm statements because they need all 14 registers: given intrinsics, GCC 12 spills.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/depthwise_conv_2d/depthwise_conv_2d_nine.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct DepthwiseNineDsp {
  template <class Strip>
  __attribute__((noinline)) static void take(const Strip& s) {
    const uint32_t offsets = (static_cast<uint32_t>(s.offset) & 0xFFFFu) * 0x10001u;
    const int32_t step = s.step;
    const int8_t* row = s.input;
    uint32_t* words = reinterpret_cast<uint32_t*>(s.planes) + s.before / 2 * kColumn;
    for (int32_t rows = s.rows; rows > 0; --rows, row += s.row_step, ++words) {
      const int8_t* input = row;
      uint32_t* out = words;
      int32_t left = s.columns;
      if ((s.before & 1) != 0) {  // the first is the upper half of a word
        const uint32_t x = pair(input);
        out[0] = widened(offsets, x) << 16;
        out[kChannel] = widened(offsets, x >> 8) << 16;
        input += step, out += kColumn, --left;
      }
      for (; left >= 4; left -= 4, out += 2 * kColumn) {
        const int8_t* const third = input + 2 * step;
        uint32_t a, b, c, d;
        __asm__("ldrh %0, %4\n\tldrh %1, %5\n\tldrh %2, %6\n\tldrh %3, %7"  // neighbours take one cycle each
                : "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d)
                : "m"(half(input)), "m"(half(input + step)), "m"(half(third)), "m"(half(third + step)));
        input = third + 2 * step;
        a |= b << 16;
        c |= d << 16;
        out[0] = widened(offsets, a);
        out[kChannel] = widened_odd(offsets, a);
        out[kColumn] = widened(offsets, c);
        out[kColumn + kChannel] = widened_odd(offsets, c);
      }
      for (; left > 0; left -= 2, input += 2 * step, out += kColumn) {
        const uint32_t a = pair(input) | (left > 1 ? pair(input + step) << 16 : 0u);
        out[0] = widened(offsets, a) & (left > 1 ? ~0u : 0xFFFFu);
        out[kChannel] = widened_odd(offsets, a) & (left > 1 ? ~0u : 0xFFFFu);
      }
    }
  }

  template <int32_t kStride, class Block>
  __attribute__((always_inline)) static void outputs(const Block& block) {
    if (kStride == 1) {
      two_by_two(block);
    } else {
      one_by_two(block);
    }
  }

 private:
  static constexpr int32_t kChannel = 8, kColumn = 16;  // words from a channel to the next, and from a pair of columns
  using Half = uint8_t[2];
  static const Half& half(const int8_t* p) { return *reinterpret_cast<const Half*>(p); }
  static uint32_t pair(const int8_t* p) {
    uint16_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }
  // Bytes 0 and 2 plus the offsets; 1 and 3.
  static uint32_t widened(uint32_t offsets, uint32_t bytes) {
    return static_cast<uint32_t>(__sxtab16(static_cast<int16x2_t>(offsets), static_cast<int8x4_t>(bytes)));
  }
  static uint32_t widened_odd(uint32_t offsets, uint32_t bytes) {  // GCC 12 does not see that it rotates by itself
    uint32_t result;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(offsets), "r"(bytes));
    return result;
  }

// clang-format off
// Registers: r0: word of the first tap of the outputs; r1: the first output; r2-r4: (w0 w1) of each row of taps;
// r5-r7: (w1 w2); r8-r11: sums.
// Stack: #0 plane, #4 step, as it was, #8 output, #12 start, #16 multiplier, #20 power, #24 rounding, #28 step,
// #32 row step, #36 end of the whole pairs of columns, #40 end of all, #44 rows.
// `shift`: of bytes of the plane that a column advances.
#define MOTE_NINE_BEGIN(shift)              \
  "ldm r0, {r1-r11}\n\t"                     \
  "mov r12, r11\n\t"                         \
  "add r11, r1, r10, lsl " shift "\n\t"      \
  "bic r10, #1\n\t"                          \
  "add r10, r1, r10, lsl " shift "\n\t"      \
  "mov lr, r2\n\t"                           \
  "mov r2, r8\n\t"                           \
  "push {r1-r12}\n\t"                        \
  "ldm lr, {r5, r6, r7}\n\t"                 \
  "sxtb16 r2, r5\n\t"                        \
  "sxtb16 r3, r6\n\t"                        \
  "sxtb16 r4, r7\n\t"                        \
  "sxtb16 r5, r5, ror #8\n\t"                \
  "sxtb16 r6, r6, ror #8\n\t"                \
  "sxtb16 r7, r7, ror #8\n\t"
// At the end of the whole pairs of columns, in lr, a column that is left is a pair of itself.
#define MOTE_NINE_COLUMN                    \
  "3:\n\t"                                   \
  "cmp r0, lr\n\t"                           \
  "blo 1b\n\t"                               \
  "ldr lr, [sp, #40]\n\t"                    \
  "ldr r8, [sp, #4]\n\t"                     \
  "cmp r0, lr\n\t"                           \
  "it lo\n\t"                                \
  "movlo r8, #0\n\t"                         \
  "str r8, [sp, #28]\n\t"                    \
  "blo 1b\n\t"
// To the next rows: two of the plane; r12: from the output on.
#define MOTE_NINE_NEXT(rows)                \
  "ldr r0, [sp]\n\t"                         \
  "ldr r1, [sp, #8]\n\t"                     \
  "ldr r10, [sp, #36]\n\t"                   \
  "ldr r11, [sp, #40]\n\t"                   \
  "ldr lr, [sp, #44]\n\t"                    \
  "add r0, #8\n\t"                           \
  "add r1, r12\n\t"                          \
  "add r10, #8\n\t"                          \
  "add r11, #8\n\t"                          \
  "str r0, [sp]\n\t"                         \
  "str r1, [sp, #8]\n\t"                     \
  "str r10, [sp, #36]\n\t"                   \
  "str r11, [sp, #40]\n\t"                   \
  "subs lr, #" rows "\n\t"                   \
  "str lr, [sp, #44]\n\t"                    \
  "bgt 2b\n\t"                               \
  "add sp, #48\n\t"
#define MOTE_NINE_CLOBBERS \
  "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "memory", "cc"
// Two outputs that one row of taps adds to. first, last: of the taps.
#define MOTE_NINE_PRODUCTS(y0, y1, first, last)             \
  "smlad " y0 ", r12, " first ", " y0 "\n\t"                 \
  "smlatb " y1 ", r12, " first ", " y1 "\n\t"                \
  "smlabt " y0 ", lr, " last ", " y0 "\n\t"                  \
  "smlad " y1 ", lr, " last ", " y1 "\n\t"

  template <class Block>
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void two_by_two(const Block& block) {
    register const Block* state __asm__("r0") = &block;
    __asm__ volatile(
        MOTE_NINE_BEGIN("#5")
        "2:\n\t"
        "ldr r0, [sp]\n\t"
        "ldr r1, [sp, #8]\n\t"
        "ldr r12, [sp, #44]\n\t"
        "ldr lr, [sp, #36]\n\t"
        "cmp r12, #1\n\t"
        "itt eq\n\t"
        "moveq r12, #0\n\t"  // a row that is left is a pair of itself
        "streq r12, [sp, #32]\n\t"
        "b 3f\n\t"
        "1:\n\t"
        "ldr r12, [r0]\n\t"
        "ldr lr, [r0, #64]\n\t"
        "ldr r10, [sp, #12]\n\t"
        "smlad r8, r12, r2, r10\n\t"
        "smlatb r9, r12, r2, r10\n\t"
        "smlabt r8, lr, r5, r8\n\t"
        "smlad r9, lr, r5, r9\n\t"
        "ldr r12, [r0, #4]\n\t"
        "ldr lr, [r0, #68]\n\t"
        "smlatb r11, r12, r2, r10\n\t"
        "smlad r10, r12, r2, r10\n\t"
        "smlabt r10, lr, r5, r10\n\t"
        "smlad r11, lr, r5, r11\n\t"
        MOTE_NINE_PRODUCTS("r8", "r9", "r3", "r6")
        "ldr r12, [r0, #8]\n\t"
        "ldr lr, [r0, #72]\n\t"
        MOTE_NINE_PRODUCTS("r8", "r9", "r4", "r7")
        MOTE_NINE_PRODUCTS("r10", "r11", "r3", "r6")
        "ldr r12, [r0, #12]\n\t"
        "ldr lr, [r0, #76]\n\t"
        MOTE_NINE_PRODUCTS("r10", "r11", "r4", "r7")
        "ldr r12, [sp, #16]\n\t"
        "ldr lr, [sp, #20]\n\t"
        "smmlar r8, r8, r12, r8\n\t"
        "smmlar r9, r9, r12, r9\n\t"
        "smmlar r10, r10, r12, r10\n\t"
        "smmlar r11, r11, r12, r11\n\t"
        "ldr r12, [sp, #24]\n\t"
        "add r8, r8, r8, asr #31\n\t"
        "add r9, r9, r9, asr #31\n\t"
        "add r10, r10, r10, asr #31\n\t"
        "add r11, r11, r11, asr #31\n\t"
        "smmla r8, r8, lr, r12\n\t"
        "smmla r9, r9, lr, r12\n\t"
        "smmla r10, r10, lr, r12\n\t"
        "smmla r11, r11, lr, r12\n\t"
        "ldr r12, [sp, #28]\n\t"
        "ldr lr, [sp, #32]\n\t"
        "ssat r8, #8, r8, asr #1\n\t"
        "ssat r9, #8, r9, asr #1\n\t"
        "ssat r10, #8, r10, asr #1\n\t"
        "ssat r11, #8, r11, asr #1\n\t"
        "add r0, #64\n\t"
        "add lr, r1\n\t"
        "strb r11, [lr, r12]\n\t"  // of a pair of itself the first stays
        "strb r10, [lr]\n\t"
        "strb r9, [r1, r12]\n\t"
        "strb r8, [r1]\n\t"
        "ldr lr, [sp, #36]\n\t"
        "add r1, r1, r12, lsl #1\n\t"
        MOTE_NINE_COLUMN
        "ldr r12, [sp, #32]\n\t"
        "lsl r12, #1\n\t"
        MOTE_NINE_NEXT("2")
        : "+r"(state)
        :
        : MOTE_NINE_CLOBBERS);
  }

// Two outputs that one row of taps adds to, from three words of the plane; `start`: of the sums.
#define MOTE_NINE_STEPS_OF_TWO(first, last, start0, start1)   \
  "smlad r8, r10, " first ", " start0 "\n\t"                 \
  "smlad r9, r11, " first ", " start1 "\n\t"                 \
  "smlabt r8, r11, " last ", r8\n\t"                         \
  "smlabt r9, r12, " last ", r9\n\t"

  // In steps of two.
  template <class Block>
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void one_by_two(const Block& block) {
    register const Block* state __asm__("r0") = &block;
    __asm__ volatile(
        MOTE_NINE_BEGIN("#6")
        "2:\n\t"
        "ldr r0, [sp]\n\t"
        "ldr r1, [sp, #8]\n\t"
        "ldr lr, [sp, #36]\n\t"
        "b 3f\n\t"
        "1:\n\t"
        "ldr r10, [r0]\n\t"
        "ldr r11, [r0, #64]\n\t"
        "ldr r12, [r0, #128]\n\t"
        "ldr lr, [sp, #12]\n\t"
        MOTE_NINE_STEPS_OF_TWO("r2", "r5", "lr", "lr")
        "ldr r10, [r0, #4]\n\t"
        "ldr r11, [r0, #68]\n\t"
        "ldr r12, [r0, #132]\n\t"
        "ldr lr, [sp, #16]\n\t"
        MOTE_NINE_STEPS_OF_TWO("r3", "r6", "r8", "r9")
        "ldr r10, [r0, #8]\n\t"
        "ldr r11, [r0, #72]\n\t"
        "ldr r12, [r0, #136]\n\t"
        MOTE_NINE_STEPS_OF_TWO("r4", "r7", "r8", "r9")
        "ldr r10, [sp, #20]\n\t"
        "ldr r11, [sp, #24]\n\t"
        "ldr r12, [sp, #28]\n\t"
        "smmlar r8, r8, lr, r8\n\t"
        "smmlar r9, r9, lr, r9\n\t"
        "add r8, r8, r8, asr #31\n\t"
        "add r9, r9, r9, asr #31\n\t"
        "smmla r8, r8, r10, r11\n\t"
        "smmla r9, r9, r10, r11\n\t"
        "ssat r8, #8, r8, asr #1\n\t"
        "ssat r9, #8, r9, asr #1\n\t"
        "add r0, #128\n\t"
        "strb r9, [r1, r12]\n\t"  // of a pair of itself the first stays
        "strb r8, [r1]\n\t"
        "ldr lr, [sp, #36]\n\t"
        "add r1, r1, r12, lsl #1\n\t"
        MOTE_NINE_COLUMN
        "ldr r12, [sp, #32]\n\t"
        MOTE_NINE_NEXT("1")
        : "+r"(state)
        :
        : MOTE_NINE_CLOBBERS);
  }
// clang-format on
#undef MOTE_NINE_BEGIN
#undef MOTE_NINE_COLUMN
#undef MOTE_NINE_NEXT
#undef MOTE_NINE_CLOBBERS
#undef MOTE_NINE_PRODUCTS
#undef MOTE_NINE_STEPS_OF_TWO
};

}  // namespace mote
