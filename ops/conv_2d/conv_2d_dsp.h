// Inner primitives of conv_2d for Cortex-M with the DSP extension (M4, M7, M33 and up).
//
// SXTB16 widens bytes 0 and 2 of a word, and, rotated, bytes 1 and 3. So a patch has its elements in groups of four in
// the order 0, 2, 1, 3: four weights are one load and two SXTB16, four elements two loads, and no shuffling. Zeros fill
// up the last group, so that the weights behind a row's end, which are the next row's, do not matter; only the last
// rows must not be read beyond. Words are loaded at any alignment, which these cores allow.
// SMLAD wraps, so the sums equal PortableConv's bit for bit.
//
// The loop of rows() is one asm statement because it needs all 14 registers: given intrinsics, GCC 12 spills.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/conv_2d/conv_2d.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct ConvDsp {
  static int16_t* second(int16_t* patches, int32_t n) { return patches + whole_groups(n); }
  static void pair(int16_t* /*patches*/, int32_t /*n*/) {}

  // Runs that are not whole groups are first put together as bytes in the second half of the patch's own memory, whole
  // groups of n elements; then they are widened from the front: group i is read at n + 4 i and written at 8 i, never
  // before it is read.
  class Patch {
   public:
    Patch(int16_t* patch, int32_t elements, int32_t depth, int32_t offset)
        : patch_(patch),
          elements_(elements),
          offset_(offset),
          direct_(depth % 4 == 0),
          at_(direct_ ? reinterpret_cast<int8_t*>(patch) : bytes()) {}

    __attribute__((noinline)) void zeros(int32_t count) {
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
      copy(input, count);
    }
    void finish() {
      if (direct_) return;
      for (int32_t i = elements_; (i & 3) != 0; ++i) bytes()[i] = static_cast<int8_t>(-offset_);
      at_ = reinterpret_cast<int8_t*>(patch_);
      widen(bytes(), whole_groups(elements_));
    }

   private:
    __attribute__((noinline)) void copy(const int8_t* input, int32_t count) {
      int8_t* out = at_;
      at_ += count;
      for (; count >= 4; count -= 4, input += 4, out += 4) store(out, word(input));
      for (; count > 0; --count) *out++ = *input++;
    }
    int8_t* bytes() const { return reinterpret_cast<int8_t*>(patch_) + whole_groups(elements_); }
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

  static void rows(const int16_t* patches, const int8_t* weights, int32_t n, const int32_t* bias,
                   const uint16_t* channels, int32_t count, int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    // Where rows are not whole groups, the last one or two may not be read beyond.
    const int32_t pairs = (n & 3) != 0 ? (count - 1) / 2 : count / 2;
    if (pairs > 0 && bias != nullptr) {
      const Rows whole = {patches, weights, n, bias, channels, sums, pairs, whole_groups(n)};
      sum_groups(whole);
      count -= 2 * pairs;
      channels += 2 * pairs;
      sums += 4 * pairs;
    }
#endif
    for (; count > 0; --count, sums += 2) {
      const int32_t channel = *channels++, start = bias != nullptr ? bias[channel] : 0;
      sums[0] = dot(patches, weights + channel * n, n, start);
      sums[1] = dot(patches + whole_groups(n), weights + channel * n, n, start);
    }
  }

 private:
  struct Rows {
    const int16_t* patches;
    const int8_t* weights;
    int32_t n;
    const int32_t* bias;
    const uint16_t* channels;
    int32_t* sums;
    int32_t pairs;    // of rows
    int32_t columns;  // whole groups, and elements from one patch to the other
  };

  static constexpr int32_t whole_groups(int32_t n) {
    return (n + 3) & ~3;
  }

  static int32_t dot(const int16_t* patch, const int8_t* weights, int32_t n, int32_t sum) {
    for (; n >= 4; n -= 4, patch += 4, weights += 4) {
      const uint32_t w = word(weights);
      sum = __smlad(static_cast<int16x2_t>(word(patch)), __sxtb16(static_cast<int8x4_t>(w)), sum);
      sum = __smlad(static_cast<int16x2_t>(word(patch + 2)), __sxtb16(static_cast<int8x4_t>(w >> 8)), sum);
    }
    for (int32_t i = 0; i < n; ++i) sum = __smlabb(patch[2 * i - (i >> 1) * 3], weights[i], sum);
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
// r0, lr: elements; r1: patches; r2, r12: weights and distance; r3: columns; r4, r5: sums of the first row with each
// patch; r6, r7: of the second; r8, r9: weights; r10, r11: half of them, widened.
// Two elements of both patches.
#define MOTE_CONV_ELEMENTS         \
  "ldr lr, [r1, r3, lsl #1]\n\t"  \
  "ldr r0, [r1], #4\n\t"
// Those times two columns of both rows.
#define MOTE_CONV_PRODUCTS(row0, row1)  \
  "smlad r5, " row0 ", lr, r5\n\t"     \
  "smlad r7, " row1 ", lr, r7\n\t"     \
  "smlad r4, " row0 ", r0, r4\n\t"     \
  "smlad r6, " row1 ", r0, r6\n\t"
// One group of four; moves both pointers on. Loads stand together: behind another, each takes one cycle less.
#define MOTE_CONV_GROUP             \
  "ldr r9, [r2, r12]\n\t"          \
  "ldr r8, [r2], #4\n\t"           \
  MOTE_CONV_ELEMENTS                \
  "sxtb16 r11, r9\n\t"             \
  "sxtb16 r10, r8\n\t"             \
  MOTE_CONV_PRODUCTS("r10", "r11")  \
  MOTE_CONV_ELEMENTS                \
  "sxtb16 r8, r8, ror #8\n\t"      \
  "sxtb16 r9, r9, ror #8\n\t"      \
  MOTE_CONV_PRODUCTS("r8", "r9")

#if defined(__OPTIMIZE_SIZE__)
#define MOTE_CONV_TURN "1:\n\t" MOTE_CONV_GROUP
#else
#define MOTE_CONV_TURN                     \
  "ubfx r0, r3, #2, #3\n\t"               \
  "tbh [pc, r0, lsl #1]\n\t"              \
  "10:\n\t"                               \
  ".short (1f - 10b) / 2, (18f - 10b) / 2, (17f - 10b) / 2, (16f - 10b) / 2\n\t" \
  ".short (15f - 10b) / 2, (14f - 10b) / 2, (13f - 10b) / 2, (12f - 10b) / 2\n\t" \
  "1:\n\t" MOTE_CONV_GROUP                \
  "12:\n\t" MOTE_CONV_GROUP               \
  "13:\n\t" MOTE_CONV_GROUP               \
  "14:\n\t" MOTE_CONV_GROUP               \
  "15:\n\t" MOTE_CONV_GROUP               \
  "16:\n\t" MOTE_CONV_GROUP               \
  "17:\n\t" MOTE_CONV_GROUP               \
  "18:\n\t" MOTE_CONV_GROUP
#endif

  // Bias and the whole groups of all pairs of rows. REQUIRES: there is a group and a pair.
  // For speed eight groups to a turn; the first turn begins in the middle when their number is not a multiple of eight.
  // On the stack: end of the groups, then the fields of Rows.
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void sum_groups(const Rows& rows) {
    register const Rows* state __asm__("r0") = &rows;
    __asm__ volatile(
        "ldm r0, {r1, r2, r3, r4, r5, r6, r7, r8}\n\t"
        "push {r1, r2, r3, r4, r5, r6, r7, r8}\n\t"
        "sub sp, #4\n\t"
        "5:\n\t"
        "ldr r0, [sp, #20]\n\t"  // channels
        "ldr r3, [sp, #12]\n\t"  // n
        "ldr r1, [sp, #8]\n\t"   // weights
        "ldr r5, [sp, #16]\n\t"  // bias
        "ldrh r8, [r0], #2\n\t"
        "ldrh r9, [r0], #2\n\t"
        "str r0, [sp, #20]\n\t"
        "ldr r4, [r5, r8, lsl #2]\n\t"
        "ldr r6, [r5, r9, lsl #2]\n\t"
        "mla r2, r8, r3, r1\n\t"
        "sub r9, r9, r8\n\t"
        "mul r12, r9, r3\n\t"
        "mov r5, r4\n\t"
        "mov r7, r6\n\t"
        "ldr r3, [sp, #32]\n\t"  // columns
        "ldr r1, [sp, #4]\n\t"   // patches
        "add r0, r3, r2\n\t"
        "str r0, [sp]\n\t"
        MOTE_CONV_TURN
        "ldr r0, [sp]\n\t"
        "cmp r2, r0\n\t"
        "bne 1b\n\t"
        "ldr r0, [sp, #24]\n\t"  // sums
        "ldr r1, [sp, #28]\n\t"  // pairs
        "stm r0!, {r4, r5, r6, r7}\n\t"
        "str r0, [sp, #24]\n\t"
        "subs r1, #1\n\t"
        "str r1, [sp, #28]\n\t"
        "bne 5b\n\t"
        "add sp, #36\n\t"
        : "+r"(state)
        :
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "memory", "cc");
  }
// clang-format on
#undef MOTE_CONV_TURN
#undef MOTE_CONV_GROUP
#undef MOTE_CONV_PRODUCTS
#undef MOTE_CONV_ELEMENTS
};

}  // namespace mote
