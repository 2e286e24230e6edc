// Inner primitives of conv_2d_lanes.h for cores with Helium (Cortex-M55, M85): 12 instructions for 96
// multiply-accumulates, three rows of weights and two patches at a time. Tail predication takes care of patches that
// are no multiple of 16 bytes: no byte behind them is read.
//
// The loops are asm statements: GCC 12 has no tail-predicated loops.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "include ops/conv_2d/conv_2d_lanes.h, which chooses the variant"
#endif
#include <stdint.h>

#include "device/lanes.h"

namespace mote {

struct ConvMve {
  // clang-format off
  static void fill(int8_t value, int32_t count, int8_t* out) {
    __asm__ volatile(
        "vdup.8 q0, %[value]\n\t"
        "wlstp.8 lr, %[count], 2f\n\t"
        "1:\n\t"
        "vstrb.8 q0, [%[out]], #16\n\t"
        "letp lr, 1b\n\t"
        "2:\n\t"
        : [out] "+r"(out)
        : [value] "r"(value), [count] "r"(count)
        : "q0", "lr", "memory", "cc");
  }
  static void copy(const int8_t* input, int32_t count, int8_t* out) {
    __asm__ volatile(
        "wlstp.8 lr, %[count], 2f\n\t"
        "1:\n\t"
        "vldrb.8 q0, [%[input]], #16\n\t"
        "vstrb.8 q0, [%[out]], #16\n\t"
        "letp lr, 1b\n\t"
        "2:\n\t"
        : [input] "+l"(input), [out] "+l"(out)
        : [count] "r"(count)
        : "q0", "lr", "memory", "cc");
  }

  static int32_t sum(const int8_t* weights, int32_t count) {
    int32_t sum = 0;
    __asm__ volatile(
        "dlstp.8 lr, %[count]\n\t"
        "1:\n\t"
        "vldrb.8 q0, [%[weights]], #16\n\t"
        "vaddva.s8 %[sum], q0\n\t"
        "letp lr, 1b\n\t"
        : [weights] "+r"(weights), [sum] "+Te"(sum)
        : [count] "r"(count)
        : "q0", "lr", "memory", "cc");
    return sum;
  }

  __attribute__((noinline)) static void rows(const int8_t* patches, const int8_t* weights, int32_t n, int32_t count,
                                             int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    if (count >= 3) {
      const Triples all = {patches, ((n + 15) & ~15) - n, count / 3, weights, sums, n};
      triples(all);
      weights += 3 * all.triples * n;
      sums += 3 * all.triples;
      count -= 3 * all.triples;
    }
#endif
    for (; count > 0; --count, weights += n, ++sums) one(patches, weights, n, sums);
  }

 private:
  struct Triples {
    const int8_t* patches;
    int32_t beyond;  // by how much a loop's pointers go beyond the end of a row
    int32_t triples;
    const int8_t* weights;
    int32_t* sums;
    int32_t n;
  };

  // r1, r3: patches; r5, r7, r9: rows of weights; r0, r2, r4: sums with the first patch, r6, r8, r10: with the second,
  // in even registers as VMLADAVA wants them; r11: where they go; r12: n. On the stack: the first fields of Triples.
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void triples(const Triples& all) {
    register const Triples* state __asm__("r0") = &all;
    __asm__ volatile(
        "ldm r0, {r1, r3, r5, r7, r11, r12}\n\t"
        "push {r1, r3, r5}\n\t"
        "mov r5, r7\n\t"
        "5:\n\t"
        "ldr r1, [sp]\n\t"
        "add r7, r5, r12\n\t"
        "add r9, r7, r12\n\t"
        "add r3, r1, r12\n\t"
        "movs r0, #0\n\t"
        "movs r2, #0\n\t"
        "movs r4, #0\n\t"
        "movs r6, #0\n\t"
        "mov r8, r0\n\t"
        "mov r10, r0\n\t"
        "dlstp.8 lr, r12\n\t"
        "1:\n\t"
        "vldrb.8 q0, [r1], #16\n\t"
        "vldrb.8 q2, [r5], #16\n\t"
        "vmladava.s8 r0, q0, q2\n\t"
        "vldrb.8 q1, [r3], #16\n\t"
        "vmladava.s8 r6, q1, q2\n\t"
        "vldrb.8 q3, [r7], #16\n\t"
        "vmladava.s8 r2, q0, q3\n\t"
        "vldrb.8 q2, [r9], #16\n\t"
        "vmladava.s8 r8, q1, q3\n\t"
        "vmladava.s8 r4, q0, q2\n\t"
        "vmladava.s8 r10, q1, q2\n\t"
        "letp lr, 1b\n\t"
        "stm r11!, {r0, r2, r4}\n\t"
        "ldrd r5, r0, [sp, #4]\n\t"
        "sub r5, r9, r5\n\t"
        "strd r6, r8, [r11, %[second]]\n\t"
        "str r10, [r11, %[last]]\n\t"
        "subs r0, #1\n\t"
        "str r0, [sp, #8]\n\t"
        "bne 5b\n\t"
        "add sp, #12\n\t"
        : "+r"(state)
        : [second] "i"(4 * kLaneChunk - 12), [last] "i"(4 * kLaneChunk - 4)
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "q0", "q1", "q2", "q3",
          "memory", "cc");
  }

  // One row. Constraint Te: an even register.
  __attribute__((always_inline)) static void one(const int8_t* first, const int8_t* row, int32_t n, int32_t* sums) {
    const int8_t* second = first + n;
    int32_t a = 0, b = 0;
    __asm__ volatile(
        "dlstp.8 lr, %[n]\n\t"
        "1:\n\t"
        "vldrb.8 q0, [%[first]], #16\n\t"
        "vldrb.8 q2, [%[row]], #16\n\t"
        "vmladava.s8 %[a], q0, q2\n\t"
        "vldrb.8 q1, [%[second]], #16\n\t"
        "vmladava.s8 %[b], q1, q2\n\t"
        "letp lr, 1b\n\t"
        : [first] "+r"(first), [second] "+r"(second), [row] "+r"(row), [a] "+Te"(a), [b] "+Te"(b)
        : [n] "r"(n)
        : "q0", "q1", "q2", "lr", "memory", "cc");
    sums[0] = a;
    sums[kLaneChunk] = b;
  }
  // clang-format on
};

}  // namespace mote
