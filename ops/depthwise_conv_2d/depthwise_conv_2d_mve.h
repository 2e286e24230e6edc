// Inner primitives of depthwise_conv_2d_lanes.h for cores with Helium (Cortex-M55, M85). Bytes are widened to 16 bits
// as they are loaded; two products are added before both halves, even channels and odd ones, are widened again.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "include ops/depthwise_conv_2d/depthwise_conv_2d_lanes.h, which chooses the variant"
#endif
#include <arm_mve.h>

#include "device/lanes.h"

namespace mote {

struct DepthwiseMve {
  static bool has_least(const int8_t* weights, int32_t count) {
    int8_t least = 0;
    for (; count > 0; count -= 16, weights += 16) {
      const mve_pred16_t some = vctp8q(static_cast<uint32_t>(count));
      least = vminvq_p_s8(least, vldrbq_z_s8(weights, some), some);
    }
    return least == -128;
  }

  template <bool kUsual, class Window>
  static void pixel(const Window& window, const Int8Output& range, const int32_t* table, int32_t count,
                    int8_t* output) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    const TapRange columns = window.columns;
    const int32_t whole = count & ~7;
    if (kUsual && window.filter_rows == 3 && window.filter_columns == 3 && columns.last - columns.first >= 2) {
      const auto run = columns.first > 0  ? nine_taps<true, false>
                       : columns.last < 3 ? nine_taps<false, true>
                                          : nine_taps<false, false>;
      if (whole > 0) run(rows_of(window), range, table, whole, output);
      if (count == whole) return;
      Window rest = window;
      rest.input += whole;
      rest.weights += 9 * whole;
      any_pixel<kUsual>(rest, range, table + 3 * whole, count - whole, output + whole);
      return;
    }
#endif
    any_pixel<kUsual>(window, range, table, count, output);
  }

 private:
  struct Sums {
    int32x4_t even, odd;  // channels

    __attribute__((always_inline)) void add(int16x8_t x) {
      even = vaddq_s32(even, vmovlbq_s16(x));
      odd = vaddq_s32(odd, vmovltq_s16(x));
    }
  };

  // Three rows of a window of three by three; nullptr: outside of the image.
  struct Rows {
    const int8_t *first, *second, *third, *weights;
    int32_t step;    // from one column to the next
    int32_t border;  // stands outside
  };
  template <class Window>
  static Rows rows_of(const Window& window) {
    const int8_t* rows[3];
    for (int32_t r = 0; r < 3; ++r)
      rows[r] = r >= window.rows.first && r < window.rows.last ? window.input + r * window.input_row : nullptr;
    return Rows{rows[0], rows[1], rows[2], window.weights, window.input_step, window.border};
  }

// clang-format off
// q0, q1: sums of even and odd channels; q2, q3, q4: taps; q5: border; q6, q7: range.
// A product of the bytes that were loaded, or of the border.
#define MOTE_DEPTHWISE_INSIDE(x, w)             \
  "vldrb.s16 q4, [%[w], #" w "]\n\t"           \
  "vmul.i16 " x ", " x ", q4\n\t"
#define MOTE_DEPTHWISE_OUTSIDE(x, w)            \
  "vldrb.s16 " x ", [%[w], #" w "]\n\t"        \
  "vmul.i16 " x ", " x ", q5\n\t"
#define MOTE_DEPTHWISE_ADD                      \
  "vmovlb.s16 q3, q2\n\t"                      \
  "vmovlt.s16 q2, q2\n\t"                      \
  "vadd.i32 q0, q0, q3\n\t"                    \
  "vadd.i32 q1, q1, q2\n\t"
#define MOTE_DEPTHWISE_LEFT_IN(row, w) "vldrb.s16 q2, [" row "], #8\n\t" MOTE_DEPTHWISE_INSIDE("q2", w)
#define MOTE_DEPTHWISE_LEFT_OUT(row, w) "adds " row ", #8\n\t" MOTE_DEPTHWISE_OUTSIDE("q2", w)
#define MOTE_DEPTHWISE_RIGHT_IN(w)              \
  "add %[t], %[t], %[step]\n\t"                \
  "vldrb.s16 q2, [%[t]]\n\t" MOTE_DEPTHWISE_INSIDE("q2", w)
#define MOTE_DEPTHWISE_RIGHT_OUT(w) MOTE_DEPTHWISE_OUTSIDE("q2", w)
// A row; jumps to `out` when it is outside, from where `in` comes back. Moves its pointer on.
#define MOTE_DEPTHWISE_ROW(row, left, right, w0, w1, w2, out, in) \
  "cmp " row ", #0\n\t"                        \
  "beq.w " out "f\n\t"                         \
  left(row, w0)                                 \
  "add %[t], " row ", %[step_back]\n\t"        \
  "vldrb.s16 q3, [%[t]]\n\t"                   \
  MOTE_DEPTHWISE_INSIDE("q3", w1)               \
  "vadd.i16 q2, q2, q3\n\t"                    \
  MOTE_DEPTHWISE_ADD                            \
  right(w2)                                     \
  MOTE_DEPTHWISE_ADD                            \
  in ":\n\t"
#define MOTE_DEPTHWISE_ROW_OUTSIDE(w0, w1, w2, out, in) \
  out ":\n\t"                                  \
  MOTE_DEPTHWISE_OUTSIDE("q2", w0)              \
  MOTE_DEPTHWISE_OUTSIDE("q3", w1)              \
  "vadd.i16 q2, q2, q3\n\t"                    \
  MOTE_DEPTHWISE_ADD                            \
  MOTE_DEPTHWISE_OUTSIDE("q2", w2)              \
  MOTE_DEPTHWISE_ADD                            \
  "b " in "b\n\t"
#define MOTE_DEPTHWISE_SCALE(x, multiplier, shift) \
  "vldrw.32 q2, [%[table], #" multiplier "]\n\t"  \
  "vldrw.32 q3, [%[table], #" shift "]\n\t"       \
  "vqrdmulh.s32 " x ", " x ", q2\n\t"             \
  "vqdmlah.s32 " x ", " x ", %[one]\n\t"          \
  "vrshl.s32 " x ", " x ", q3\n\t"
#define MOTE_DEPTHWISE_NINE(left, right)        \
  "dls lr, %[t]\n\t"                           \
  "1:\n\t"                                     \
  "vldrw.32 q0, [%[table]]\n\t"                \
  "vldrw.32 q1, [%[table], #16]\n\t"           \
  MOTE_DEPTHWISE_ROW("%[first]", left, right, "0", "8", "16", "11", "21")   \
  MOTE_DEPTHWISE_ROW("%[second]", left, right, "24", "32", "40", "12", "22") \
  MOTE_DEPTHWISE_ROW("%[third]", left, right, "48", "56", "64", "13", "23") \
  MOTE_DEPTHWISE_SCALE("q0", "32", "64")        \
  MOTE_DEPTHWISE_SCALE("q1", "48", "80")        \
  "vqmovnb.s32 q0, q0\n\t"                     \
  "vqmovnt.s32 q0, q1\n\t"                     \
  "vqadd.s16 q0, q0, %[zero]\n\t"              \
  "vmax.s16 q0, q0, q6\n\t"                    \
  "vmin.s16 q0, q0, q7\n\t"                    \
  "vstrb.16 q0, [%[output]], #8\n\t"           \
  "adds %[w], #72\n\t"                         \
  "adds %[table], #96\n\t"                     \
  "le lr, 1b\n\t"                              \
  "b 2f\n\t"                                   \
  MOTE_DEPTHWISE_ROW_OUTSIDE("0", "8", "16", "11", "21")   \
  MOTE_DEPTHWISE_ROW_OUTSIDE("24", "32", "40", "12", "22") \
  MOTE_DEPTHWISE_ROW_OUTSIDE("48", "56", "64", "13", "23") \
  "2:\n\t"

  // All taps of whole eights of channels; the left or the right column of the window may be outside. One asm statement,
  // because GCC 12 keeps more pointers than it has registers. Widening loads want low registers.
  template <bool kLeftOut, bool kRightOut>
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void nine_taps(Rows rows, const Int8Output& range,
                                                                                  const int32_t* table, int32_t count,
                                                                                  int8_t* output) {
    register int16x8_t border __asm__("q5") = vdupq_n_s16(static_cast<int16_t>(rows.border));
    register int16x8_t low __asm__("q6") = vdupq_n_s16(range.low);
    register int16x8_t high __asm__("q7") = vdupq_n_s16(range.high);
    int32_t t = count >> 3;
#define MOTE_DEPTHWISE_PIXEL(left, right)                                                                        \
  __asm__ volatile(MOTE_DEPTHWISE_NINE(left, right)                                                               \
                   : [first] "+l"(rows.first), [second] "+l"(rows.second), [third] "+l"(rows.third), [t] "+l"(t), \
                     [w] "+l"(rows.weights), [output] "+l"(output), [table] "+r"(table)                           \
                   : [step] "r"(rows.step), [step_back] "r"(rows.step - 8), [one] "r"(1),                         \
                     [zero] "r"(range.zero_point), "w"(border), "w"(low), "w"(high)                               \
                   : "q0", "q1", "q2", "q3", "q4", "lr", "memory", "cc")
    if (kLeftOut) {
      MOTE_DEPTHWISE_PIXEL(MOTE_DEPTHWISE_LEFT_OUT, MOTE_DEPTHWISE_RIGHT_IN);
    } else if (kRightOut) {
      MOTE_DEPTHWISE_PIXEL(MOTE_DEPTHWISE_LEFT_IN, MOTE_DEPTHWISE_RIGHT_OUT);
    } else {
      MOTE_DEPTHWISE_PIXEL(MOTE_DEPTHWISE_LEFT_IN, MOTE_DEPTHWISE_RIGHT_IN);
    }
  }
// clang-format on
#undef MOTE_DEPTHWISE_PIXEL
#undef MOTE_DEPTHWISE_NINE
#undef MOTE_DEPTHWISE_SCALE
#undef MOTE_DEPTHWISE_ROW_OUTSIDE
#undef MOTE_DEPTHWISE_ROW
#undef MOTE_DEPTHWISE_RIGHT_OUT
#undef MOTE_DEPTHWISE_RIGHT_IN
#undef MOTE_DEPTHWISE_LEFT_OUT
#undef MOTE_DEPTHWISE_LEFT_IN
#undef MOTE_DEPTHWISE_ADD
#undef MOTE_DEPTHWISE_OUTSIDE
#undef MOTE_DEPTHWISE_INSIDE

  template <bool kUsual, class Window>
  __attribute__((noinline)) static void any_pixel(const Window& window, const Int8Output& range, const int32_t* table,
                                                  int32_t count, int8_t* output) {
    const MveLanes lanes(range);
    const int16x8_t border = vdupq_n_s16(static_cast<int16_t>(window.border));
    const int8_t* w = window.weights;
    for (int32_t c = 0; c < count; c += 8, table += 24) {
      const mve_pred16_t some = vctp16q(static_cast<uint32_t>(count - c));
      Sums sums = {vldrwq_s32(table), vldrwq_s32(table + 4)};
      for (int32_t ky = 0; ky < window.filter_rows; ++ky) {
        const bool inside = ky >= window.rows.first && ky < window.rows.last;
        const int8_t* x = window.input + (ky * window.input_row + c);
        for (int32_t kx = 0; kx < window.filter_columns; ++kx, x += window.input_step, w += 8) {
          const bool in_image = inside && kx >= window.columns.first && kx < window.columns.last;
          sums.add(vmulq_s16(in_image ? vldrbq_z_s16(x, some) : border, vldrbq_s16(w)));
        }
      }
      vstrbq_p_s16(output + c, lanes.bytes<kUsual>(sums.even, sums.odd, table + 8), some);
    }
  }
};

}  // namespace mote
