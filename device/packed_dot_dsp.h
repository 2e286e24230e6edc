// The loops of packed_dot.h for Cortex-M with the DSP extension: 19 instructions per 16 multiply-accumulates.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "this header is included by device/packed_dot.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct DspPackedDot {
  // sums[r] += sum_i input[i] * weights[r][i] for the four rows of one group, wrapping. Inlined, so that the sums of a
  // caller stay in registers.
  __attribute__((always_inline)) static void group(const int8_t* input, const int8_t* packed, int32_t n,
                                                   int32_t* sums) {
    Accumulators a = {0, 0, 0, 0};
    for (const int8_t* const end = input + (n & ~31); input != end; input += 32, packed += 128) {
      four_chunks(input, packed, a);
      four_chunks(input + 16, packed + 64, a);
    }
    for (const int8_t* const end = input + (n & 28); input != end; input += 4, packed += 16) chunk(input, packed, a);
    for (const int8_t* const end = input + (n & 3); input != end; ++input, packed += 4) column(*input, word(packed), a);
    add(a.both01, a.even0, sums);
    add(a.both23, a.even2, sums + 2);
  }

  static int32_t row(const int8_t* input, const int8_t* weights, int32_t n) {
    int32_t sum = 0;
    for (; n >= 4; n -= 4, input += 4, weights += 4) {
      const uint32_t x = word(input), w = word(weights);
      sum = __smlad(low_bytes(x), low_bytes(w), sum);
      sum = __smlad(high_bytes(x), high_bytes(w), sum);
    }
    for (int32_t i = 0; i < n; ++i) sum = __smlabb(input[i], weights[i], sum);
    return sum;
  }

 private:
  // Of rows 0 and 1, of row 0, of rows 2 and 3, of row 2.
  struct Accumulators {
    int32_t both01, even0, both23, even2;
  };

  // Four columns.
  __attribute__((always_inline)) static void chunk(const int8_t* input, const int8_t* packed, Accumulators& a) {
    // One statement, because neighbouring loads cost one cycle each and GCC 12 would pull them apart.
    using Word = uint8_t[4];
    uint32_t x, w0, w1, w2, w3;
    __asm__("ldr %0, %5\n\tldr %1, %6\n\tldr %2, %7\n\tldr %3, %8\n\tldr %4, %9"
            : "=&r"(x), "=&r"(w0), "=&r"(w1), "=&r"(w2), "=&r"(w3)
            : "m"(*reinterpret_cast<const Word*>(input)), "m"(*reinterpret_cast<const Word*>(packed)),
              "m"(*reinterpret_cast<const Word*>(packed + 4)), "m"(*reinterpret_cast<const Word*>(packed + 8)),
              "m"(*reinterpret_cast<const Word*>(packed + 12)));
    const int16x2_t x02 = low_bytes(x), x13 = high_bytes(x);
    a.both01 = __smlad(x02, static_cast<int16x2_t>(w0), a.both01);
    a.even0 = __smlad(x02, low_bytes(w0), a.even0);
    a.both01 = __smlad(x13, static_cast<int16x2_t>(w1), a.both01);
    a.even0 = __smlad(x13, low_bytes(w1), a.even0);
    a.both23 = __smlad(x02, static_cast<int16x2_t>(w2), a.both23);
    a.even2 = __smlad(x02, low_bytes(w2), a.even2);
    a.both23 = __smlad(x13, static_cast<int16x2_t>(w3), a.both23);
    a.even2 = __smlad(x13, low_bytes(w3), a.even2);
  }
  __attribute__((always_inline)) static void four_chunks(const int8_t* input, const int8_t* packed, Accumulators& a) {
    chunk(input, packed, a);
    chunk(input + 4, packed + 16, a);
    chunk(input + 8, packed + 32, a);
    chunk(input + 12, packed + 48, a);
  }
  // One column behind the chunks; `w` is its (r0,r1) (r2,r3).
  __attribute__((always_inline)) static void column(int32_t x, uint32_t w, Accumulators& a) {
    a.both01 = __smlabb(x, static_cast<int32_t>(w), a.both01);
    a.both23 = __smlabt(x, static_cast<int32_t>(w), a.both23);
    a.even0 = __smlabb(x, low_bytes(w), a.even0);
    a.even2 = __smlabt(x, low_bytes(w), a.even2);
  }
  // The two sums of a pair of rows; wrapping.
  static void add(int32_t both, int32_t even, int32_t* sums) {
    sums[0] = static_cast<int32_t>(static_cast<uint32_t>(sums[0]) + static_cast<uint32_t>(even));
    const int32_t odd = static_cast<int32_t>(static_cast<uint32_t>(both) - static_cast<uint32_t>(even)) >> 8;
    sums[1] = static_cast<int32_t>(static_cast<uint32_t>(sums[1]) + static_cast<uint32_t>(odd));
  }
  static int16x2_t low_bytes(uint32_t x) { return __sxtb16(static_cast<int8x4_t>(x)); }
  // Bytes 1 and 3. GCC 12 does not see that the instruction rotates by itself.
  static int16x2_t high_bytes(uint32_t x) {
    int16x2_t result;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(x));
    return result;
  }
  static uint32_t word(const int8_t* p) {
    uint32_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }
};

}  // namespace mote
