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

  static void pack(const int8_t* weights, int32_t step, int32_t taps, int32_t count, int32_t offset, int8_t* packed,
                   int32_t* table) {
    for (; count > 0; count -= 8, weights += 8, table += 24) {
      const mve_pred16_t some = vctp16q(static_cast<uint32_t>(count));
      int16x8_t sum = vdupq_n_s16(0);
      const int8_t* w = weights;
      for (int32_t tap = taps; tap > 0; --tap, w += step, packed += 8) {
        const int16x8_t eight = vldrbq_z_s16(w, some);
        vstrbq_s16(packed, eight);
        sum = vaddq_s16(sum, eight);
      }
      vstrwq_s32(table, vmlaq_n_s32(vldrwq_s32(table), vmovlbq_s16(sum), offset));
      vstrwq_s32(table + 4, vmlaq_n_s32(vldrwq_s32(table + 4), vmovltq_s16(sum), offset));
    }
  }

  template <bool kUsual, class Window>
  static void pixel(const Window& window, const Int8Output& range, const int32_t* table, int32_t count,
                    int8_t* output) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    const TapRange columns = window.columns;
    const int32_t whole = count & ~7, inside = columns.last - columns.first;
    const bool nine = window.filter_rows == 3 && window.filter_columns == 3 && inside >= 2;
    const bool row = window.filter_rows == 1 && window.rows.first < window.rows.last && inside == window.filter_columns;
    if (kUsual && whole > 0 && (nine || row)) {
      const auto run = columns.first > 0  ? nine_taps<true, false>
                       : columns.last < 3 ? nine_taps<false, true>
                                          : nine_taps<false, false>;
      if (nine) run(rows_of(window), range, table, whole, output);
      if (row) row_of_taps(window.input, window.input_step, inside, window.weights, range, table, whole, output);
      if (count == whole) return;
      Window rest = window;
      rest.input += whole;
      rest.weights += window.filter_rows * window.filter_columns * whole;
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
#define MOTE_DEPTHWISE_STORE                    \
  "vqmovnb.s32 q0, q0\n\t"                     \
  "vqmovnt.s32 q0, q1\n\t"                     \
  "vqadd.s16 q0, q0, %[zero]\n\t"              \
  "vmax.s16 q0, q0, q6\n\t"                    \
  "vmin.s16 q0, q0, q7\n\t"                    \
  "vstrb.16 q0, [%[output]], #8\n\t"
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
  MOTE_DEPTHWISE_STORE                          \
  "adds %[w], #72\n\t"                         \
  "adds %[table], #96\n\t"                     \
  "le lr, 1b\n\t"                              \
  "b 2f\n\t"                                   \
  MOTE_DEPTHWISE_ROW_OUTSIDE("0", "8", "16", "11", "21")   \
  MOTE_DEPTHWISE_ROW_OUTSIDE("24", "32", "40", "12", "22") \
  MOTE_DEPTHWISE_ROW_OUTSIDE("48", "56", "64", "13", "23") \
  "2:\n\t"

#define MOTE_DEPTHWISE_TAP(x, w)                \
  "vldrb.s16 " x ", [%[x]]\n\t"                \
  "vldrb.s16 " w ", [%[w]], #8\n\t"            \
  "add %[x], %[x], %[step]\n\t"                \
  "vmul.i16 " x ", " x ", " w "\n\t"

  // Whole eights of channels, whose taps are all in the image and one step apart: two by two, then an odd one.
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void row_of_taps(const int8_t* input, int32_t step,
                                                                                    int32_t taps, const int8_t* w,
                                                                                    const Int8Output& range,
                                                                                    const int32_t* table,
                                                                                    int32_t count, int8_t* output) {
    register int16x8_t low __asm__("q6") = vdupq_n_s16(range.low);
    register int16x8_t high __asm__("q7") = vdupq_n_s16(range.high);
    const int8_t* x;
    int32_t groups = count >> 3;
    __asm__ volatile(
        "1:\n\t"
        "mov %[x], %[input]\n\t"
        "vldrw.32 q0, [%[table]]\n\t"
        "vldrw.32 q1, [%[table], #16]\n\t"
        "lsrs lr, %[taps], #1\n\t"
        "wls lr, lr, 3f\n\t"
        "2:\n\t"
        MOTE_DEPTHWISE_TAP("q2", "q3")
        MOTE_DEPTHWISE_TAP("q3", "q4")
        "vadd.i16 q2, q2, q3\n\t"
        MOTE_DEPTHWISE_ADD
        "le lr, 2b\n\t"
        "3:\n\t"
        "tst %[taps], #1\n\t"
        "beq 4f\n\t"
        MOTE_DEPTHWISE_TAP("q2", "q3")
        MOTE_DEPTHWISE_ADD
        "4:\n\t"
        MOTE_DEPTHWISE_SCALE("q0", "32", "64")
        MOTE_DEPTHWISE_SCALE("q1", "48", "80")
        MOTE_DEPTHWISE_STORE
        "adds %[input], #8\n\t"
        "adds %[table], #96\n\t"
        "subs %[groups], #1\n\t"
        "bne 1b\n\t"
        : [x] "=&l"(x), [w] "+l"(w), [output] "+l"(output), [input] "+r"(input), [table] "+r"(table),
          [groups] "+r"(groups)
        : [step] "r"(step), [taps] "r"(taps), [one] "r"(1), [zero] "r"(range.zero_point), "w"(low), "w"(high)
        : "q0", "q1", "q2", "q3", "q4", "lr", "memory", "cc");
  }
#undef MOTE_DEPTHWISE_TAP

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
#undef MOTE_DEPTHWISE_STORE
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

  // Whole eights of channels, then what is left, of whose inputs no byte behind them is read.
  template <bool kUsual, class Window>
  __attribute__((noinline)) static void any_pixel(const Window& place, const Int8Output& range, const int32_t* table,
                                                  int32_t count, int8_t* output) {
    const Window window = place;  // that stores of the output cannot change
    const MveLanes lanes(range);
    const int8_t *x = window.input, *w = window.weights;
    for (; count >= 8; count -= 8, x += 8, table += 24, output += 8) {
      const Sums sums = window_sums<true>(window, x, w, table, 0);
      vstrbq_s16(output, lanes.bytes<kUsual>(sums.even, sums.odd, table + 8));
    }
    if (count == 0) return;
    const mve_pred16_t some = vctp16q(static_cast<uint32_t>(count));
    const Sums sums = window_sums<false>(window, x, w, table, some);
    vstrbq_p_s16(output, lanes.bytes<kUsual>(sums.even, sums.odd, table + 8), some);
  }

  // All taps of eight channels, or of some; moves `w` behind them.
  template <bool kWhole, class Window>
  __attribute__((always_inline)) static Sums window_sums(const Window& window, const int8_t* x, const int8_t*& w,
                                                         const int32_t* table, mve_pred16_t some) {
    Sums sums = {vldrwq_s32(table), vldrwq_s32(table + 4)};
    const TapRange rows = window.rows, columns = window.columns;
    const int32_t width = window.filter_columns, inside = columns.last - columns.first;
    outside(rows.first * width, window.border, w, sums);
    x += rows.first * window.input_row + columns.first * window.input_step;
    for (int32_t ky = rows.first; ky < rows.last; ++ky, x += window.input_row) {
      outside(columns.first, window.border, w, sums);
      taps<kWhole>(some, x, window.input_step, inside, w, sums);
      outside(width - columns.last, window.border, w, sums);
    }
    outside((window.filter_rows - rows.last) * width, window.border, w, sums);
    return sums;
  }

  // `count` taps outside of the image.
  __attribute__((always_inline)) static void outside(int32_t count, int32_t border, const int8_t*& w, Sums& sums) {
    for (; count > 0; --count, w += 8) sums.add(vmulq_n_s16(vldrbq_s16(w), static_cast<int16_t>(border)));
  }

  // In it, from x on, `step` apart.
  template <bool kWhole>
  __attribute__((always_inline)) static void taps(mve_pred16_t some, const int8_t* x, int32_t step, int32_t count,
                                                  const int8_t*& w, Sums& sums) {
    const auto product = [&] {
      const int16x8_t result = vmulq_s16(kWhole ? vldrbq_s16(x) : vldrbq_z_s16(x, some), vldrbq_s16(w));
      x += step, w += 8;
      return result;
    };
    for (; count > 1; count -= 2) {
      const int16x8_t first = product();
      sums.add(vaddq_s16(first, product()));
    }
    if (count > 0) sums.add(product());
  }
};

}  // namespace mote
