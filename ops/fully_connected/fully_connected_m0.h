// Inner primitive of fully connected for cores of ARMv6-M (Cortex-M0, M0+): four rows at a time.
//
// A block of inputs is first written as pairs (input with the zero point subtracted, index), those that are 0 left out:
// after a relu many are. One LDM then gives an input and the index at which its weight stands in each of four rows. The
// loop is asm because it needs all eight low registers, and high ones for the sums.
#pragma once
#if !defined(__ARM_ARCH_ISA_THUMB) || __ARM_ARCH_ISA_THUMB != 1
#error "include ops/fully_connected/fully_connected.h, which chooses the variant"
#endif
#include <stdint.h>

namespace mote {

// `Plain`: the primitive for the rows behind the last whole four.
template <class Plain>
struct FullyConnectedM0Dot {
  // sums[r] = sum_i (input[i] + offset) * weights[r * n + i] for r < count.
  static void rows(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n, int32_t count,
                   int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    const int32_t grouped = count & ~3;
    for (int32_t r = 0; r < grouped; ++r) sums[r] = 0;
    for (int32_t first = 0; grouped > 0 && first < n; first += kBlock) {
      Term terms[kBlock + 1];
      const Term* const end = collect(input + first, offset, n - first < kBlock ? n - first : kBlock, terms);
      const int8_t* row = weights + first;
      for (int32_t r = 0; r < grouped && end != terms; r += 4, row += 4 * n) four(terms, end, row, n, sums + r);
    }
    count -= grouped;
    weights += grouped * n;
    sums += grouped;
#endif
    Plain::rows(input, offset, weights, n, count, sums);
  }

 private:
  static constexpr int32_t kBlock = 64;  // inputs whose terms are on the stack at a time
  struct Term {
    int32_t input, index;
  };

  // An even number of terms; gives their end.
  __attribute__((noinline)) static const Term* collect(const int8_t* input, int32_t offset, int32_t n, Term* terms) {
    Term* at = terms;
    for (int32_t i = 0; i < n; ++i) {
      const int32_t x = input[i] + offset;
      if (x != 0) *at++ = Term{x, i};
    }
    if (((at - terms) & 1) != 0) *at++ = Term{0, 0};
    return at;
  }

// clang-format off
#define MOTE_DOT_ROW(sum, row)      \
  "ldrsb %[p], [" row ", %[k]]\n\t" \
  "muls %[p], %[x], %[p]\n\t"      \
  "add " sum ", %[p]\n\t"
#define MOTE_DOT_TERM                 \
  "ldmia %[at]!, {%[x], %[k]}\n\t"   \
  MOTE_DOT_ROW("%[s0]", "%[row0]")    \
  MOTE_DOT_ROW("%[s1]", "%[row1]")    \
  MOTE_DOT_ROW("%[s2]", "%[row2]")    \
  MOTE_DOT_ROW("%[s3]", "%[row3]")
  // Adds the terms to four sums. REQUIRES: there are some.
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void four(const Term* at, const Term* end,
                                                                             const int8_t* row, int32_t n,
                                                                             int32_t* sums) {
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    register int32_t x __asm__("r4");  // LDM fills registers in ascending order
    register int32_t k __asm__("r5");
    int32_t p;
    __asm__ volatile(
        ".syntax unified\n\t"
        "1:\n\t" MOTE_DOT_TERM MOTE_DOT_TERM
        "cmp %[at], %[end]\n\t"
        "bne 1b\n\t"
        : [at] "+l"(at), [x] "=&l"(x), [k] "=&l"(k), [p] "=&l"(p), [s0] "+h"(s0), [s1] "+h"(s1), [s2] "+h"(s2),
          [s3] "+h"(s3)
        : [row0] "l"(row), [row1] "l"(row + n), [row2] "l"(row + 2 * n), [row3] "l"(row + 3 * n), [end] "h"(end)
        : "memory", "cc");
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
  }
// clang-format on
#undef MOTE_DOT_TERM
#undef MOTE_DOT_ROW
};

}  // namespace mote
