// Inner primitives of conv_2d for cores of ARMv6-M (Cortex-M0, M0+), which multiply 32 by 32 bits in one cycle.
//
// One product serves two pixels: with the elements a and b of two patches in one word, a + 2^16 b, its product p with a
// weight is w a + 2^16 w b, both below 2^15 in size. The sum of the nearest whole numbers to p / 2^16 is the second
// pixel's sum, and what is missing to the sum of p, modulo 2^32, the first's. ASRS leaves the bit that decides the
// rounding in the carry and ADCS adds it, so that two multiply-accumulates take a load, a product and three
// instructions. They are asm because no C expression gives ADCS, and because the loop needs all eight low registers.
#pragma once
#if !defined(__ARM_ARCH_ISA_THUMB) || __ARM_ARCH_ISA_THUMB != 1
#error "include ops/conv_2d/conv_2d.h, which chooses the variant"
#endif
#include <stdint.h>

namespace mote {

// `Alternating`: primitives whose patches alternate.
template <class Alternating>
struct ConvM0 : Alternating {
  // Halves of words become a + 2^16 b: the upper one less 1 where the lower one is negative.
  __attribute__((noinline)) static void pair(int16_t* patches, int32_t n) {
    for (; n > 0; --n, patches += 2) patches[1] = static_cast<int16_t>(patches[1] + (patches[0] >> 15));
  }

  static void rows(const int16_t* patches, const int8_t* weights, int32_t n, const int32_t* bias,
                   const uint16_t* channels, int32_t count, int32_t* sums) {
    for (; count > 0; count -= 2, channels += 2, sums += 4) {
      const int32_t first = channels[0], last = channels[count > 1 ? 1 : 0];
      Sums two[2];
      two_rows(patches, weights + first * n, weights + last * n, n, two);
      two[0].store(bias != nullptr ? bias[first] : 0, sums);
      if (count > 1) two[1].store(bias != nullptr ? bias[last] : 0, sums + 2);
    }
  }

 private:
  // Of one row: the products, and the nearest whole numbers to 2^-16 of each.
  struct Sums {
    uint32_t both, upper;

    void store(int32_t bias, int32_t* sums) const {
      sums[0] = static_cast<int32_t>(static_cast<uint32_t>(bias) + both - (upper << 16));
      sums[1] = static_cast<int32_t>(static_cast<uint32_t>(bias) + upper);
    }
  };

#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && !defined(__PIC__)  // otherwise too few registers are free
// clang-format off
#define MOTE_CONV_ROW(row, both, upper) \
  "ldrsb %[p], [" row ", %[k]]\n\t"    \
  "muls %[p], %[x], %[p]\n\t"          \
  "add " both ", %[p]\n\t"             \
  "asrs %[p], %[p], #16\n\t"           \
  "adcs " upper ", %[p]\n\t"
#define MOTE_CONV_ELEMENT                      \
  "ldmia %[at]!, {%[x]}\n\t"                  \
  MOTE_CONV_ROW("%[row0]", "%[b0]", "%[u0]")   \
  MOTE_CONV_ROW("%[row1]", "%[b1]", "%[u1]")   \
  "adds %[k], #1\n\t"
// The elements before those at which the rows stand; k goes up to 0.
#define MOTE_CONV_LOOP(elements)                                                                \
  __asm__ volatile(".syntax unified\n\t1:\n\t" elements "bne 1b\n\t"                          \
                   : [at] "+l"(at), [k] "+l"(k), [x] "=&l"(x), [p] "=&l"(p), [b0] "+h"(both0), \
                     [u0] "+l"(upper0), [b1] "+h"(both1), [u1] "+l"(upper1)                    \
                   : [row0] "l"(row0), [row1] "l"(row1)                                        \
                   : "memory", "cc")

  __attribute__((noinline, optimize("omit-frame-pointer"))) static void two_rows(const int16_t* at, const int8_t* row0,
                                                                                 const int8_t* row1, int32_t n,
                                                                                 Sums* sums) {
    uint32_t both0 = 0, both1 = 0, upper0 = 0, upper1 = 0;
    int32_t k = -(n & ~3), x, p;
    row0 -= k;
    row1 -= k;
    if (k != 0) MOTE_CONV_LOOP(MOTE_CONV_ELEMENT MOTE_CONV_ELEMENT MOTE_CONV_ELEMENT MOTE_CONV_ELEMENT);
    k = -(n & 3);
    row0 -= k;
    row1 -= k;
    if (k != 0) MOTE_CONV_LOOP(MOTE_CONV_ELEMENT);
    sums[0] = Sums{both0, upper0};
    sums[1] = Sums{both1, upper1};
  }
// clang-format on
#undef MOTE_CONV_LOOP
#undef MOTE_CONV_ELEMENT
#undef MOTE_CONV_ROW
#else
  static void two_rows(const int16_t* at, const int8_t* row0, const int8_t* row1, int32_t n, Sums* sums) {
    const int8_t* const rows[2] = {row0, row1};
    for (int32_t r = 0; r < 2; ++r) {
      sums[r] = Sums{0, 0};
      for (int32_t k = 0; k < n; ++k) {
        const int32_t x = at[2 * k + 1] * 65536 + static_cast<uint16_t>(at[2 * k]), p = x * rows[r][k];
        sums[r].both += static_cast<uint32_t>(p);
        sums[r].upper += static_cast<uint32_t>((p >> 16) + ((p >> 15) & 1));
      }
    }
  }
#endif
};

}  // namespace mote
