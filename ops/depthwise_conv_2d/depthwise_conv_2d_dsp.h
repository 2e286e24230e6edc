// Inner primitives of depthwise_conv_2d for Cortex-M with the DSP extension (M4, M7, M33 and up).
//
// Two neighbours of a plane's row are one word, so SMLAD does two taps of one output. Three taps with stride 1, the
// usual filter, go two outputs at a time over the words (x0 x1) and (x2 x3) with the words (w0 w1) and (w1 w2) of taps:
//   y0 = x0 w0 + x1 w1 + x2 w2 = SMLAD + SMLABT, y1 = x1 w0 + x2 w1 + x3 w2 = SMLATB + SMLAD,
// two instructions for three products. Words are loaded at any alignment, which these cores allow. All sums wrap, so
// they equal PortableDepthwise's bit for bit.
//
// That loop is one asm statement because it needs 13 registers: given intrinsics, GCC 12 spills.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/depthwise_conv_2d/depthwise_conv_2d.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct DepthwiseDsp {
  // Two elements become one word.
  __attribute__((noinline)) static void gather(const int8_t* input, int32_t step, int32_t count, int32_t offset,
                                               int16_t* out) {
    const uint32_t offsets = (static_cast<uint32_t>(offset) & 0xFFFFu) * 0x10001u;
    for (; count >= 4; count -= 4, input += 4 * step, out += 4) {
      const int32_t x0 = input[0], x1 = input[step], x2 = input[2 * step], x3 = input[3 * step];
      store(out, x0, x1, offsets);
      store(out + 2, x2, x3, offsets);
    }
    for (; count > 0; --count, input += step) *out++ = static_cast<int16_t>(*input + offset);
  }

  template <class Block>
  static void block(const Block& b, int32_t* sums) {
    const auto& columns = b.column_axis;
    const bool three = b.row_axis.filter == 3 && columns.filter == 3 && columns.dilation == 1;
    const int32_t step = b.row_axis.stride * b.plane_pitch, next = b.row_axis.dilation * b.plane_pitch;
    const int16_t* row = b.plane;
    for (int32_t r = 0; r < b.rows; ++r, row += step, sums += b.columns) {
      if (three && columns.stride == 1) {
        three_by_three(row, next, b.taps, b.columns, sums);
      } else if (three && columns.stride == 2) {
        three_by_three_stride_2(row, next, b.taps, b.columns, sums);
      } else if (columns.dilation == 1) {
        any(b, row, next, sums);
      } else {
        dilated(b, row, next, sums);
      }
    }
  }

 private:
  static int16x2_t word(const int16_t* p) {
    int16x2_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }
  // Both plus the offset.
  static void store(int16_t* p, int32_t low, int32_t high, uint32_t offsets) {
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(low), "r"(high));
    const int16x2_t sum = __sadd16(static_cast<int16x2_t>(pair), static_cast<int16x2_t>(offsets));
    __builtin_memcpy(p, &sum, sizeof sum);
  }
  // Taps of three rows of three, each padded to four: (w0 w1), (w1 w2).
  struct Nine {
    int16x2_t first[3], last[3];
    explicit Nine(const int16_t* taps) {
      for (int32_t k = 0; k < 3; ++k, taps += 4) {
        first[k] = word(taps);
        last[k] = word(taps + 1);
      }
    }
  };

  // Writes an even number of sums: for an odd `count`, one more. REQUIRES: count >= 1.
  __attribute__((noinline)) static void three_by_three(const int16_t* x, int32_t next, const int16_t* taps,
                                                       int32_t count, int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    const Nine w(taps);
    const int32_t* const end = sums + ((count + 1) & ~1);
    int32_t even, odd, p, q;
    __asm__ volatile(
        "1:\n\t"
        "ldr %[p], [%[x], %[next]]\n\t"
        "ldr %[q], [%[x], %[next], lsl #1]\n\t"
        "smuad %[even], %[p], %[f1]\n\t"
        "smultb %[odd], %[p], %[f1]\n\t"
        "smlad %[even], %[q], %[f2], %[even]\n\t"
        "smlatb %[odd], %[q], %[f2], %[odd]\n\t"
        "ldr %[p], [%[x]], #4\n\t"
        "ldr %[q], [%[x]]\n\t"
        "smlad %[even], %[p], %[f0], %[even]\n\t"
        "smlatb %[odd], %[p], %[f0], %[odd]\n\t"
        "smlabt %[even], %[q], %[l0], %[even]\n\t"
        "smlad %[odd], %[q], %[l0], %[odd]\n\t"
        "ldr %[p], [%[x], %[next]]\n\t"
        "ldr %[q], [%[x], %[next], lsl #1]\n\t"
        "smlabt %[even], %[p], %[l1], %[even]\n\t"
        "smlad %[odd], %[p], %[l1], %[odd]\n\t"
        "smlabt %[even], %[q], %[l2], %[even]\n\t"
        "smlad %[odd], %[q], %[l2], %[odd]\n\t"
        "str %[even], [%[sums]], #4\n\t"
        "str %[odd], [%[sums]], #4\n\t"
        "ldr %[p], %[end]\n\t"
        "cmp %[sums], %[p]\n\t"
        "bne 1b\n\t"
        : [x] "+r"(x), [sums] "+r"(sums), [even] "=&r"(even), [odd] "=&r"(odd), [p] "=&r"(p), [q] "=&r"(q)
        : [next] "r"(2 * next), [f0] "r"(w.first[0]), [f1] "r"(w.first[1]), [f2] "r"(w.first[2]), [l0] "r"(w.last[0]),
          [l1] "r"(w.last[1]), [l2] "r"(w.last[2]), [end] "m"(end)
        : "memory", "cc");
#else
    pairs(x, next, taps, 3, 4, 1, count, sums);
#endif
  }

  __attribute__((noinline)) static void three_by_three_stride_2(const int16_t* x, int32_t next, const int16_t* taps,
                                                                int32_t count, int32_t* sums) {
    const Nine w(taps);
    const int16_t *second = x + next, *third = second + next;
    int16x2_t x0 = word(x), x1 = word(second), x2 = word(third);
    for (const int32_t* const end = sums + count; sums < end; ++sums) {
      int32_t sum = __smuad(x0, w.first[0]);
      sum = __smlad(x1, w.first[1], sum);
      sum = __smlad(x2, w.first[2], sum);
      x0 = word(x += 2);
      x1 = word(second += 2);
      x2 = word(third += 2);
      sum = __smlabt(x0, w.last[0], sum);
      sum = __smlabt(x1, w.last[1], sum);
      sum = __smlabt(x2, w.last[2], sum);
      *sums = sum;
    }
  }

  template <class Block>
  static void any(const Block& b, const int16_t* row, int32_t next, int32_t* sums) {
    pairs(row, next, b.taps, b.row_axis.filter, b.taps_pitch, b.column_axis.stride, b.columns, sums);
  }

  // Taps in pairs; an odd row's last pair has a zero. Four outputs share the loads of the taps.
  __attribute__((noinline)) static void pairs(const int16_t* x, int32_t next, const int16_t* taps, int32_t rows,
                                              int32_t pitch, int32_t stride, int32_t count, int32_t* sums) {
    for (; count >= 4; count -= 4, x += 4 * stride, sums += 4) {
      int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
      const int16_t *w = taps, *row = x;
      for (int32_t ky = 0; ky < rows; ++ky, row += next) {
        const int16_t* at = row;
        for (const int16_t* const end = w + pitch; w != end; w += 2, at += 2) {
          const int16x2_t pair = word(w);
          sum0 = __smlad(word(at), pair, sum0);
          sum1 = __smlad(word(at + stride), pair, sum1);
          sum2 = __smlad(word(at + 2 * stride), pair, sum2);
          sum3 = __smlad(word(at + 3 * stride), pair, sum3);
        }
      }
      sums[0] = sum0;
      sums[1] = sum1;
      sums[2] = sum2;
      sums[3] = sum3;
    }
    for (; count > 0; --count, x += stride) {
      int32_t sum = 0;
      const int16_t *w = taps, *row = x;
      for (int32_t ky = 0; ky < rows; ++ky, row += next) {
        for (int32_t kx = 0; kx < pitch; kx += 2, w += 2) sum = __smlad(word(row + kx), word(w), sum);
      }
      *sums++ = sum;
    }
  }

  template <class Block>
  static void dilated(const Block& b, const int16_t* row, int32_t next, int32_t* sums) {
    for (int32_t c = 0; c < b.columns; ++c, row += b.column_axis.stride) {
      const int16_t *x = row, *taps = b.taps;
      int32_t sum = 0;
      for (int32_t ky = 0; ky < b.row_axis.filter; ++ky, x += next, taps += b.taps_pitch) {
        for (int32_t kx = 0; kx < b.column_axis.filter; ++kx)
          sum = __smlabb(x[kx * b.column_axis.dilation], taps[kx], sum);
      }
      sums[c] = sum;
    }
  }
};

}  // namespace mote
