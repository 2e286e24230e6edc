// Inner primitive of depthwise_conv_2d for Cortex-M with the DSP extension (M4, M7, M33 and up).
//
// Two neighbours of a plane's row are one word, so SMLAD does two taps of one output. Three taps with stride 1, the
// usual filter, go two outputs at a time over the words (x0 x1) and (x2 x3) with the words (w0 w1) and (w1 w2) of taps:
//   y0 = x0 w0 + x1 w1 + x2 w2 = SMLAD + SMLABT, y1 = x1 w0 + x2 w1 + x3 w2 = SMLATB + SMLAD,
// two instructions for three products; (x2 x3) stays in its register for the next two outputs. Words are loaded at any
// alignment, which these cores allow. All sums wrap, so they equal PortableDepthwise's bit for bit.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/depthwise_conv_2d/depthwise_conv_2d.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct DepthwiseDsp {
  template <class Block>
  static void block(const Block& b, int32_t bias, int32_t* sums) {
    const auto& columns = b.column_axis;
    const bool three = b.row_axis.filter == 3 && columns.filter == 3 && columns.dilation == 1;
    const int32_t step = b.row_axis.stride * b.plane_pitch, next = b.row_axis.dilation * b.plane_pitch;
    const int16_t* row = b.plane;
    for (int32_t r = 0; r < b.rows; ++r, row += step, sums += b.columns) {
      if (three && columns.stride == 1) {
        three_by_three(row, next, b.taps, bias, b.columns, sums);
      } else if (three && columns.stride == 2) {
        three_by_three_stride_2(row, next, b.taps, bias, b.columns, sums);
      } else if (columns.dilation == 1) {
        any(b, row, next, bias, sums);
      } else {
        dilated(b, row, next, bias, sums);
      }
    }
  }

 private:
  static int16x2_t word(const int16_t* p) {
    int16x2_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }
  // Taps of three rows of three, each padded to four: (w0 w1), (w1 w2).
  struct Nine {
    int16x2_t first[3], last[3];
    explicit Nine(const int16_t* taps) {
      for (int32_t k = 0; k < 3; ++k, taps += 4) first[k] = word(taps), last[k] = word(taps + 1);
    }
  };

  // Writes an even number of sums: for an odd `count`, one more.
  __attribute__((noinline)) static void three_by_three(const int16_t* x, int32_t next, const int16_t* taps,
                                                       int32_t bias, int32_t count, int32_t* sums) {
    const Nine w(taps);
    const int16_t *second = x + next, *third = second + next;
    int16x2_t x0 = word(x), x1 = word(second), x2 = word(third);
    for (const int32_t* const end = sums + count; sums < end; sums += 2) {
      const int16x2_t y0 = word(x += 2), y1 = word(second += 2), y2 = word(third += 2);
      int32_t even = __smlad(x0, w.first[0], bias), odd = __smlatb(x0, w.first[0], bias);
      even = __smlabt(y0, w.last[0], even);
      odd = __smlad(y0, w.last[0], odd);
      even = __smlad(x1, w.first[1], even);
      odd = __smlatb(x1, w.first[1], odd);
      even = __smlabt(y1, w.last[1], even);
      odd = __smlad(y1, w.last[1], odd);
      even = __smlad(x2, w.first[2], even);
      odd = __smlatb(x2, w.first[2], odd);
      even = __smlabt(y2, w.last[2], even);
      odd = __smlad(y2, w.last[2], odd);
      sums[0] = even;
      sums[1] = odd;
      x0 = y0;
      x1 = y1;
      x2 = y2;
    }
  }

  __attribute__((noinline)) static void three_by_three_stride_2(const int16_t* x, int32_t next, const int16_t* taps,
                                                                int32_t bias, int32_t count, int32_t* sums) {
    const Nine w(taps);
    const int16_t *second = x + next, *third = second + next;
    int16x2_t x0 = word(x), x1 = word(second), x2 = word(third);
    for (const int32_t* const end = sums + count; sums < end; ++sums) {
      int32_t sum = __smlad(x0, w.first[0], bias);
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

  // Taps in pairs; an odd row's last pair has a zero.
  template <class Block>
  static void any(const Block& b, const int16_t* row, int32_t next, int32_t bias, int32_t* sums) {
    for (int32_t c = 0; c < b.columns; ++c, row += b.column_axis.stride) {
      const int16_t *x = row, *taps = b.taps;
      int32_t sum = bias;
      for (int32_t ky = 0; ky < b.row_axis.filter; ++ky, x += next) {
        for (int32_t kx = 0; kx < b.taps_pitch; kx += 2, taps += 2) sum = __smlad(word(x + kx), word(taps), sum);
      }
      sums[c] = sum;
    }
  }

  template <class Block>
  static void dilated(const Block& b, const int16_t* row, int32_t next, int32_t bias, int32_t* sums) {
    for (int32_t c = 0; c < b.columns; ++c, row += b.column_axis.stride) {
      const int16_t *x = row, *taps = b.taps;
      int32_t sum = bias;
      for (int32_t ky = 0; ky < b.row_axis.filter; ++ky, x += next, taps += b.taps_pitch) {
        for (int32_t kx = 0; kx < b.column_axis.filter; ++kx)
          sum = __smlabb(x[kx * b.column_axis.dilation], taps[kx], sum);
      }
      sums[c] = sum;
    }
  }
};

}  // namespace mote
