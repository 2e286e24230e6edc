// Inner primitives of conv_2d for Cortex-M with the DSP extension (M4, M7, M33 and up).
//
// SXTB16 widens bytes 0 and 2 of a word, and, rotated, bytes 1 and 3. So a patch has its elements in groups of four in
// the order 0, 2, 1, 3: four weights are one load and two SXTB16, four elements two loads, and no shuffling. What is
// left behind the last whole group is in natural order. Words are loaded at any alignment, which these cores allow.
// SMLAD wraps, so the sums equal PortableConv's bit for bit.
//
// The loop of rows() is one asm statement because it needs 13 registers: given intrinsics, GCC 12 spills.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/conv_2d/conv_2d.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct ConvDsp {
  // Runs that are not whole groups are first put together as bytes in the second half of the patch's own memory; then
  // they are widened from the front: group i is read at n + 4 i and written at 8 i, never before it is read.
  class Patch {
   public:
    Patch(int16_t* patch, int32_t elements, int32_t depth, int32_t offset)
        : patch_(patch),
          elements_(elements),
          offset_(offset),
          direct_(depth % 4 == 0),
          at_(direct_ ? reinterpret_cast<int8_t*>(patch) : bytes()) {}

    void zeros(int32_t count) {
      if (direct_) {
        for (; count > 0; count -= 4, at_ += 8) store(at_, 0), store(at_ + 4, 0);
      } else {
        for (; count > 0; --count) *at_++ = static_cast<int8_t>(-offset_);
      }
    }
    void run(const int8_t* input, int32_t count) {
      if (direct_) {
        widen(input, count);
        return;
      }
      for (; count >= 4; count -= 4, input += 4, at_ += 4) store(at_, word(input));
      for (; count > 0; --count) *at_++ = *input++;
    }
    void finish() {
      if (direct_) return;
      at_ = reinterpret_cast<int8_t*>(patch_);
      widen(bytes(), elements_ & ~3);
      for (int32_t i = elements_ & ~3; i < elements_; ++i) patch_[i] = static_cast<int16_t>(bytes()[i] + offset_);
    }

   private:
    int8_t* bytes() const { return reinterpret_cast<int8_t*>(patch_) + elements_; }
    // REQUIRES: count is a multiple of 4.
    __attribute__((noinline)) void widen(const int8_t* input, int32_t count) {
      const uint32_t offsets = (static_cast<uint32_t>(offset_) & 0xFFFFu) * 0x10001u;
      int8_t* out = at_;
      at_ += 2 * count;
      for (; count >= 16; count -= 16, input += 16, out += 32) {
        for (int32_t i = 0; i < 16; i += 4) widen_group(input + i, offsets, out + 2 * i);
      }
      for (; count > 0; count -= 4, input += 4, out += 8) widen_group(input, offsets, out);
    }
    static void widen_group(const int8_t* input, uint32_t offsets, int8_t* out) {
      const uint32_t x = word(input);
      store(out, static_cast<uint32_t>(__sxtab16(static_cast<int16x2_t>(offsets), static_cast<int8x4_t>(x))));
      store(out + 4, sxtab16_odd(offsets, x));
    }

    int16_t* patch_;
    int32_t elements_, offset_;
    bool direct_;
    int8_t* at_;
  };

  __attribute__((noinline)) static void rows(const int16_t* patches, const int8_t* weights, int32_t n,
                                             const int32_t* bias, int32_t count, int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    for (; count >= 2; count -= 2, weights += 2 * n, sums += 4) {
      sums[0] = sums[1] = bias != nullptr ? *bias++ : 0;
      sums[2] = sums[3] = bias != nullptr ? *bias++ : 0;
      two_rows(patches, weights, n, sums);
    }
#endif
    for (; count > 0; --count, weights += n, sums += 2) {
      const int32_t start = bias != nullptr ? *bias++ : 0;
      sums[0] = dot(patches, weights, n, start);
      sums[1] = dot(patches + n, weights, n, start);
    }
  }

  static void rows_of_one(const int16_t* patch, const int8_t* weights, int32_t n, const int32_t* bias, int32_t count,
                          int32_t* sums) {
    for (; count > 0; --count, weights += n, sums += 2) *sums = dot(patch, weights, n, bias != nullptr ? *bias++ : 0);
  }

 private:
  __attribute__((always_inline)) static void two_rows(const int16_t* patches, const int8_t* weights, int32_t n,
                                                      int32_t* sums) {
    int32_t sum00 = sums[0], sum01 = sums[1], sum10 = sums[2], sum11 = sums[3];
    if (n >= 4) groups(patches, weights, n, sum00, sum01, sum10, sum11);
    for (int32_t i = 0; i < (n & 3); ++i) {
      const int32_t x0 = patches[i], x1 = patches[n + i], w0 = weights[i], w1 = weights[n + i];
      sum00 = __smlabb(x0, w0, sum00);
      sum01 = __smlabb(x1, w0, sum01);
      sum10 = __smlabb(x0, w1, sum10);
      sum11 = __smlabb(x1, w1, sum11);
    }
    sums[0] = sum00;
    sums[1] = sum01;
    sums[2] = sum10;
    sums[3] = sum11;
  }

  static int32_t dot(const int16_t* patch, const int8_t* weights, int32_t n, int32_t sum) {
    for (; n >= 4; n -= 4, patch += 4, weights += 4) {
      const uint32_t w = word(weights);
      sum = __smlad(static_cast<int16x2_t>(word(patch)), __sxtb16(static_cast<int8x4_t>(w)), sum);
      sum = __smlad(static_cast<int16x2_t>(word(patch + 2)), __sxtb16(static_cast<int8x4_t>(w >> 8)), sum);
    }
    for (int32_t i = 0; i < n; ++i) sum = __smlabb(patch[i], weights[i], sum);
    return sum;
  }

  static uint32_t word(const void* p) {
    uint32_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }
  static void store(void* p, uint32_t value) {
    __builtin_memcpy(p, &value, sizeof value);
  }
  // GCC does not fold the rotation of __ror into SXTAB16.
  static uint32_t sxtab16_odd(uint32_t offsets, uint32_t x) {
    uint32_t result;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(result) : "r"(offsets), "r"(x));
    return result;
  }

// clang-format off
// Two elements of both patches.
#define MOTE_CONV_ELEMENTS                        \
  "ldr %[x1], [%[x], %[n], lsl #1]\n\t"          \
  "ldr %[x0], [%[x]], #4\n\t"
// Those times two columns of both rows.
#define MOTE_CONV_PRODUCTS(row0, row1)            \
  "smlad %[s01], " row0 ", %[x1], %[s01]\n\t"    \
  "smlad %[s11], " row1 ", %[x1], %[s11]\n\t"    \
  "smlad %[s00], " row0 ", %[x0], %[s00]\n\t"    \
  "smlad %[s10], " row1 ", %[x0], %[s10]\n\t"
// One group of four; moves both pointers on. Loads stand together: behind another, each takes one cycle less.
#define MOTE_CONV_GROUP                           \
  "ldr %[w1], [%[w], %[n]]\n\t"                  \
  "ldr %[w0], [%[w]], #4\n\t"                    \
  MOTE_CONV_ELEMENTS                              \
  "sxtb16 %[e1], %[w1]\n\t"                      \
  "sxtb16 %[e0], %[w0]\n\t"                      \
  MOTE_CONV_PRODUCTS("%[e0]", "%[e1]")            \
  MOTE_CONV_ELEMENTS                              \
  "sxtb16 %[w0], %[w0], ror #8\n\t"              \
  "sxtb16 %[w1], %[w1], ror #8\n\t"              \
  MOTE_CONV_PRODUCTS("%[w0]", "%[w1]")

  // The whole groups; moves both pointers behind them. REQUIRES: n >= 4.
  // Four groups to a turn; the first turn begins in the middle when their number is not a multiple of four.
  __attribute__((always_inline)) static void groups(const int16_t*& patches, const int8_t*& weights, int32_t n,
 int32_t& sum00, int32_t& sum01, int32_t& sum10, int32_t& sum11) {
    const int8_t* const end = weights + (n & ~3);
    int32_t x0, x1, w0, w1, e0, e1;
    __asm__(
        "ands %[x0], %[n], #12\n\t"
        "beq 1f\n\t"
        "cmp %[x0], #8\n\t"
        "beq 3f\n\t"
        "blt 4f\n\t"
        "b 2f\n\t"
        "1:\n\t" MOTE_CONV_GROUP
        "2:\n\t" MOTE_CONV_GROUP
        "3:\n\t" MOTE_CONV_GROUP
        "4:\n\t" MOTE_CONV_GROUP
        "ldr %[x0], %[end]\n\t"
        "cmp %[w], %[x0]\n\t"
        "bne 1b\n\t"
        : [x] "+r"(patches), [w] "+r"(weights), [s00] "+r"(sum00), [s01] "+r"(sum01), [s10] "+r"(sum10),
          [s11] "+r"(sum11), [x0] "=&r"(x0), [x1] "=&r"(x1), [w0] "=&r"(w0), [w1] "=&r"(w1), [e0] "=&r"(e0),
          [e1] "=&r"(e1)
        : [n] "r"(n), [end] "m"(end)
        : "memory", "cc");
  }
// clang-format on
#undef MOTE_CONV_GROUP
#undef MOTE_CONV_PRODUCTS
#undef MOTE_CONV_ELEMENTS
};

}  // namespace mote
