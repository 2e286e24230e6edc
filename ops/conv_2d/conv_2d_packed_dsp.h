// Inner primitives of conv_2d_packed.h for Cortex-M with the DSP extension (M4, M7, M33 and up): 14 instructions and 15
// cycles for 16 multiply-accumulates, 4 rows of weights and 2 pixels at a time.
//
// run() is one asm statement because it needs all 14 registers: given intrinsics, GCC 12 spills.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/conv_2d/conv_2d_packed.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct ConvPackedDsp {
  // Widens whole chunks. Words are loaded at any alignment, which these cores allow.
  static void widen(const int8_t* input, int32_t count, int16_t* out) {
    for (; count > 0; count -= 4, input += 4, out += 8) {
      uint32_t x;
      __builtin_memcpy(&x, input, sizeof x);
      store(out, even(x));
      store(out + 4, odd(x));
    }
  }
  // Those of two pixels, of which the second's are `step` bytes behind.
  __attribute__((noinline)) static void widen_both(const int8_t* input, int32_t step, int32_t count, int16_t* out) {
    using Word = int8_t[4];
    uint32_t a, b, c, d;
    if ((count & 4) != 0) {
      __asm__("ldr %0, %2\n\tldr %1, %3"  // neighbours: the second takes one cycle
              : "=&r"(a), "=&r"(b)
              : "m"(*reinterpret_cast<const Word*>(input)), "m"(*reinterpret_cast<const Word*>(input + step)));
      four_words(a, b, out);
      input += 4, out += 8;
    }
    for (const int8_t* const end = input + (count & ~7); input != end; input += 8, out += 16) {
      const int8_t* const second = input + step;
      __asm__("ldr %0, %4\n\tldr %1, %5\n\tldr %2, %6\n\tldr %3, %7"
              : "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d)
              : "m"(*reinterpret_cast<const Word*>(input)), "m"(*reinterpret_cast<const Word*>(second)),
                "m"(*reinterpret_cast<const Word*>(input + 4)), "m"(*reinterpret_cast<const Word*>(second + 4)));
      four_words(a, b, out);
      four_words(c, d, out + 8);
    }
  }

// clang-format off
// r0: patches; r1: weights; r2, r3: sums of rows (0, 1) and 0 with the first pixel; r4, r5: of rows (2, 3) and 2;
// r6 .. r9: the same with the second pixel; r10, r11: elements; r12, lr: weights.
#define MOTE_CONV_PRODUCTS       \
  "smlad r2, r12, r10, r2\n\t"  \
  "smlad r6, r12, r11, r6\n\t"  \
  "sxtb16 r12, r12\n\t"         \
  "smlad r4, lr, r10, r4\n\t"   \
  "smlad r8, lr, r11, r8\n\t"   \
  "sxtb16 lr, lr\n\t"           \
  "smlad r3, r12, r10, r3\n\t"  \
  "smlad r7, r12, r11, r7\n\t"  \
  "smlad r5, lr, r10, r5\n\t"   \
  "smlad r9, lr, r11, r9\n\t"
// A chunk of four elements. Loads stand together: behind another, each takes one cycle less.
#define MOTE_CONV_CHUNK       \
  "ldr r11, [r0, #4]\n\t"    \
  "ldr r10, [r0], #8\n\t"    \
  "ldr lr, [r1, #8]\n\t"     \
  "ldr r12, [r1], #4\n\t"    \
  MOTE_CONV_PRODUCTS          \
  "ldr r11, [r0, #4]\n\t"    \
  "ldr r10, [r0], #8\n\t"    \
  "ldr lr, [r1, #8]\n\t"     \
  "ldr r12, [r1], #12\n\t"   \
  MOTE_CONV_PRODUCTS
// Sums of one row become bytes. r10: table; r0, r3: outputs of the pixels; lr: rounding.
#define MOTE_CONV_SCALE(first, second)     \
  "ldm r10!, {r11, r12}\n\t"              \
  "smmlar " first ", " first ", r11, " first "\n\t"         \
  "smmlar " second ", " second ", r11, " second "\n\t"      \
  "add " first ", " first ", " first ", asr #31\n\t"      \
  "add " second ", " second ", " second ", asr #31\n\t"   \
  "smmla " first ", " first ", r12, lr\n\t"                \
  "smmla " second ", " second ", r12, lr\n\t"              \
  "ssat " first ", #8, " first ", asr #1\n\t"              \
  "ssat " second ", #8, " second ", asr #1\n\t"

  // REQUIRES: at least one group and one chunk. Four chunks to a turn; the first turn begins in the middle when their
  // number is not a multiple of four. On the stack: the fields of ConvPackedPixels.
  template <class Pixels>
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void run(const Pixels& pixels) {
    register const Pixels* state __asm__("r0") = &pixels;
    __asm__ volatile(
        "ldm r0, {r1, r2, r3, r4, r5, r6, r7, r8}\n\t"
        "push {r1, r2, r3, r4, r5, r6, r7, r8}\n\t"
        "mov r1, r3\n\t"
        "5:\n\t"
        "ldr r10, [sp, #12]\n\t"  // table
        "ldr r0, [sp]\n\t"        // patches
        "ldr r11, [sp, #4]\n\t"   // end
        "ldm r10!, {r2, r3, r4, r5}\n\t"
        "str r10, [sp, #12]\n\t"
        "mov r6, r2\n\t"
        "mov r7, r3\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "sub r11, r0\n\t"
        "ands r11, #48\n\t"
        "beq 1f\n\t"
        "cmp r11, #32\n\t"
        "beq 3f\n\t"
        "bgt 2f\n\t"
        "b 4f\n\t"
        "1:\n\t" MOTE_CONV_CHUNK
        "2:\n\t" MOTE_CONV_CHUNK
        "3:\n\t" MOTE_CONV_CHUNK
        "4:\n\t" MOTE_CONV_CHUNK
        "ldr r10, [sp, #4]\n\t"
        "cmp r0, r10\n\t"
        "bne 1b\n\t"
        "ldr r10, [sp, #12]\n\t"
        "ldr r0, [sp, #16]\n\t"   // output
        "ldr lr, [sp, #24]\n\t"   // rounding
        "sub r2, r3\n\t"
        "sub r4, r5\n\t"
        "sub r6, r7\n\t"
        "sub r8, r9\n\t"
        MOTE_CONV_SCALE("r3", "r7")
        "strb r3, [r0], #4\n\t"
        "ldr r3, [sp, #20]\n\t"   // step
        "add r3, r0\n\t"
        "strb r7, [r3, #-4]\n\t"
        "asr r2, #8\n\t"
        "asr r6, #8\n\t"
        MOTE_CONV_SCALE("r2", "r6")
        "strb r2, [r0, #-3]\n\t"
        "strb r6, [r3, #-3]\n\t"
        MOTE_CONV_SCALE("r5", "r9")
        "strb r5, [r0, #-2]\n\t"
        "strb r9, [r3, #-2]\n\t"
        "asr r4, #8\n\t"
        "asr r8, #8\n\t"
        MOTE_CONV_SCALE("r4", "r8")
        "strb r4, [r0, #-1]\n\t"
        "strb r8, [r3, #-1]\n\t"
        "str r10, [sp, #12]\n\t"
        "str r0, [sp, #16]\n\t"
        "ldr r11, [sp, #28]\n\t"  // groups
        "subs r11, #1\n\t"
        "str r11, [sp, #28]\n\t"
        "bne 5b\n\t"
        "add sp, #32\n\t"
        : "+r"(state)
        :
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "memory", "cc");
  }
// clang-format on
#undef MOTE_CONV_SCALE
#undef MOTE_CONV_CHUNK
#undef MOTE_CONV_PRODUCTS

 private:
  static int16x2_t even(uint32_t x) {
    return __sxtb16(static_cast<int8x4_t>(x));
  }
  static int16x2_t odd(uint32_t x) {  // GCC 12 does not see that the instruction rotates by itself
    int16x2_t result;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(x));
    return result;
  }
  static void store(int16_t* out, int16x2_t pair) {
    __builtin_memcpy(out, &pair, sizeof pair);
  }
  // A chunk of both pixels.
  static void four_words(uint32_t first, uint32_t second, int16_t* out) {
    store(out, even(first));
    store(out + 2, even(second));
    store(out + 4, odd(first));
    store(out + 6, odd(second));
  }
};

}  // namespace mote
