// Inner primitives of depthwise_conv_2d for Cortex-M with the DSP extension (M4, M7, M33 and up).
//
// Two neighbours of a plane's row are one word, so SMLAD does two taps of one output. Three taps with stride 1, the
// usual filter, go two outputs at a time over the words (x0 x1) and (x2 x3) with the words (w0 w1) and (w1 w2) of taps:
//   y0 = x0 w0 + x1 w1 + x2 w2 = SMLAD + SMLABT, y1 = x1 w0 + x2 w1 + x3 w2 = SMLATB + SMLAD,
// two instructions for three products. Words are loaded at any alignment, which these cores allow. All sums wrap, so
// they equal PortableDepthwise's bit for bit.
//
// That loop is one asm statement because it needs all 14 registers: given intrinsics, GCC 12 spills.
#pragma once
#if !defined(__ARM_FEATURE_DSP)
#error "include ops/depthwise_conv_2d/depthwise_conv_2d.h, which chooses the variant"
#endif
#include <arm_acle.h>
#include <stdint.h>

namespace mote {

struct DepthwiseDsp {
  // Two elements become one word.
  template <class Steps>
  static void gather(const int8_t* input, Steps step, int32_t rows, int32_t columns, int32_t offset, int16_t* out,
                     int32_t pitch) {
    gather(input, step.row - columns * step.column, step.column, rows, columns, offset, out, pitch - columns);
  }

  template <class Plan>
  __attribute__((always_inline)) static void block(const Plan& plan, const int16_t* taps, const int16_t* plane,
                                                   int32_t rows, int32_t columns, int32_t* sums) {
    const bool adjacent = plan.columns.dilation == 1;
    const bool three = plan.rows.filter == 3 && plan.columns.filter == 3 && adjacent;
    const int32_t step = plan.rows.stride * plan.plane_pitch, next = plan.rows.dilation * plan.plane_pitch;
    if (three && plan.columns.stride == 1) {
      three_by_three(plane, step, next, taps, rows, columns, sums);
    } else if (kThreeByStride2 && three && plan.columns.stride == 2) {
      three_by_three_stride_2(plane, step, next, taps, rows, columns, sums);
    } else {
      for (; rows > 0; --rows, plane += step, sums += columns) {
        if (adjacent) {
          pairs(plane, next, taps, plan.rows.filter, plan.taps_pitch, plan.columns.stride, columns, sums);
        } else {
          dilated(plan, taps, plane, next, columns, sums);
        }
      }
    }
  }

 private:
#if defined(__OPTIMIZE_SIZE__)
  static constexpr bool kThreeByStride2 = false;
#else
  static constexpr bool kThreeByStride2 = true;
#endif

  static int16x2_t word(const int16_t* p) {
    int16x2_t value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
  }
  // Two elements plus the offset.
  static void store(int16_t* p, int32_t pair, uint32_t offsets) {
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

  // `row_jump`: from behind one row to the next. `out_jump` likewise.
  __attribute__((noinline)) static void gather(const int8_t* input, int32_t row_jump, int32_t step, int32_t rows,
                                               int32_t columns, int32_t offset, int16_t* out, int32_t out_jump) {
    const uint32_t offsets = (static_cast<uint32_t>(offset) & 0xFFFFu) * 0x10001u;
    for (; rows > 0; --rows, input += row_jump, out += out_jump) {
      int32_t count = columns;
      for (; count >= 4; count -= 4, out += 4, input += 4 * step) {
        // In one statement, because neighbouring loads cost one cycle each.
        int32_t x0, x1, x2, x3;
        __asm__(
            "ldrsb %0, [%4]\n\tldrsb %1, [%4, %5]\n\tldrsb %2, [%4, %5, lsl #1]\n\tldrsb %3, [%4, %6]\n\t"
            "pkhbt %0, %0, %1, lsl #16\n\tpkhbt %2, %2, %3, lsl #16"
            : "=&r"(x0), "=&r"(x1), "=&r"(x2), "=&r"(x3)
            : "r"(input), "r"(step), "r"(3 * step)
            : "memory");
        store(out, x0, offsets);
        store(out + 2, x2, offsets);
      }
      for (; count > 0; --count, input += step) *out++ = static_cast<int16_t>(*input + offset);
    }
  }

  // Writes an even number of sums in a row: for an odd `columns`, one more than the row has. REQUIRES: columns >= 1.
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void three_by_three(const int16_t* plane,
                                                                                       int32_t step, int32_t next,
                                                                                       const int16_t* taps,
                                                                                       int32_t rows, int32_t columns,
                                                                                       int32_t* row_sums) {
    for (; rows > 0; --rows, plane += step, row_sums += columns) {
#if defined(__OPTIMIZE__) && !defined(__PIC__) && !defined(__ARM_FEATURE_MVE)  // else too few registers are free
      const int16_t *x = plane, *w = taps;
      int32_t *sums = row_sums, pairs = (columns + 1) / 2, p;
      __asm__ volatile(  // r4-r6: (w0 w1) of each row of taps; r7-r9: (w1 w2); r10, r11: y0 and y1
          "ldr r4, [%[w]]\n\t"
          "ldr r7, [%[w], #2]\n\t"
          "ldr r5, [%[w], #8]\n\t"
          "ldr r8, [%[w], #10]\n\t"
          "ldr r6, [%[w], #16]\n\t"
          "ldr r9, [%[w], #18]\n\t"
          "1:\n\t"
          "ldr %[p], [%[x], %[next]]\n\t"
          "ldr %[w], [%[x], %[next], lsl #1]\n\t"
          "smuad r10, %[p], r5\n\t"
          "smultb r11, %[p], r5\n\t"
          "smlad r10, %[w], r6, r10\n\t"
          "smlatb r11, %[w], r6, r11\n\t"
          "ldr %[p], [%[x]], #4\n\t"
          "ldr %[w], [%[x]]\n\t"
          "smlad r10, %[p], r4, r10\n\t"
          "smlatb r11, %[p], r4, r11\n\t"
          "smlabt r10, %[w], r7, r10\n\t"
          "smlad r11, %[w], r7, r11\n\t"
          "ldr %[p], [%[x], %[next]]\n\t"
          "ldr %[w], [%[x], %[next], lsl #1]\n\t"
          "smlabt r10, %[p], r8, r10\n\t"
          "smlad r11, %[p], r8, r11\n\t"
          "smlabt r10, %[w], r9, r10\n\t"
          "smlad r11, %[w], r9, r11\n\t"
          "str r10, [%[sums]], #4\n\t"
          "str r11, [%[sums]], #4\n\t"
          "subs %[pairs], #1\n\t"
          "bne 1b\n\t"
          : [x] "+r"(x), [w] "+r"(w), [sums] "+r"(sums), [pairs] "+r"(pairs), [p] "=&r"(p)
          : [next] "r"(2 * next)
          : "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "memory", "cc");
#else
      DepthwiseDsp::pairs(plane, next, taps, 3, 4, 1, columns, row_sums);
#endif
    }
  }

  __attribute__((noinline)) static void three_by_three_stride_2(const int16_t* plane, int32_t step, int32_t next,
                                                                const int16_t* taps, int32_t rows, int32_t columns,
                                                                int32_t* sums) {
    const Nine w(taps);
    for (; rows > 0; --rows, plane += step) {
      const int16_t *x = plane, *second = x + next, *third = second + next;
      int16x2_t x0 = word(x), x1 = word(second), x2 = word(third);
      for (const int32_t* const end = sums + columns; sums < end; ++sums) {
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
  }

  // Taps in pairs; an odd row's last pair has a zero. Four outputs share the loads of the taps.
  __attribute__((noinline)) static void pairs(const int16_t* x, int32_t next, const int16_t* taps, int32_t rows,
                                              int32_t pitch, int32_t stride, int32_t count, int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    // The last four overlap those before where they are not a whole number.
    for (int32_t fours = count / 4; fours > 0; fours = 1) {
      four_outputs({x, taps, 2 * stride, 6 * stride, sums, fours, 2 * pitch, rows, 2 * (next - pitch)});
      count -= 4 * fours;
      if (count <= 0) return;
      x += (4 * fours - 4 + count) * stride;
      sums += 4 * fours - 4 + count;
      count = 4;
    }
#endif
    for (; count > 0; --count, x += stride) {
      int32_t sum = 0;
      const int16_t *w = taps, *row = x;
      for (int32_t ky = 0; ky < rows; ++ky, row += next) {
        for (int32_t kx = 0; kx < pitch; kx += 2, w += 2) sum = __smlad(word(row + kx), word(w), sum);
      }
      *sums++ = sum;
    }
  }

  struct Fours {
    const int16_t *x, *taps;
    int32_t stride, stride3;  // bytes from the first element of an output to those of the next and the last one
    int32_t* sums;
    int32_t count;  // of four outputs
    int32_t pitch;  // bytes of a row of taps
    int32_t rows;
    int32_t jump;  // bytes from behind the elements of one row to those of the next
  };

  // r0: elements of the first output; r1: taps; r2: elements; r3: end of a row of taps; r4 .. r7: sums; r8 .. r10:
  // elements and taps; r11, r12: strides; lr: rows left. On the stack: taps, sums and what follows in Fours.
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void four_outputs(const Fours& fours) {
    register const Fours* state __asm__("r0") = &fours;
    __asm__ volatile(
        "ldm r0, {r0, r1, r2, r3, r4, r5, r6, r7, r8}\n\t"
        "mov r11, r2\n\t"
        "mov r12, r3\n\t"
        "push {r1, r4, r5, r6, r7, r8}\n\t"
        "1:\n\t"
        "ldr r1, [sp]\n\t"
        "ldr lr, [sp, #16]\n\t"
        "mov r2, r0\n\t"
        "mov r4, #0\n\t"
        "mov r5, #0\n\t"
        "mov r6, #0\n\t"
        "mov r7, #0\n\t"
        "2:\n\t"
        "ldr r3, [sp, #12]\n\t"
        "add r3, r1\n\t"
        "3:\n\t"
        "ldr r10, [r1], #4\n\t"
        "ldr r8, [r2]\n\t"
        "ldr r9, [r2, r11]\n\t"
        "smlad r4, r8, r10, r4\n\t"
        "smlad r5, r9, r10, r5\n\t"
        "ldr r8, [r2, r11, lsl #1]\n\t"
        "ldr r9, [r2, r12]\n\t"
        "add r2, #4\n\t"
        "smlad r6, r8, r10, r6\n\t"
        "smlad r7, r9, r10, r7\n\t"
        "cmp r1, r3\n\t"
        "bne 3b\n\t"
        "ldr r8, [sp, #20]\n\t"
        "subs lr, #1\n\t"
        "add r2, r8\n\t"
        "bne 2b\n\t"
        "ldr r8, [sp, #4]\n\t"
        "ldr r9, [sp, #8]\n\t"
        "stm r8!, {r4, r5, r6, r7}\n\t"
        "add r0, r0, r11, lsl #2\n\t"
        "subs r9, #1\n\t"
        "str r8, [sp, #4]\n\t"
        "str r9, [sp, #8]\n\t"
        "bne 1b\n\t"
        "add sp, #24\n\t"
        : "+r"(state)
        :
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "memory", "cc");
  }

  template <class Plan>
  static void dilated(const Plan& plan, const int16_t* taps, const int16_t* row, int32_t next, int32_t columns,
                      int32_t* sums) {
    for (int32_t c = 0; c < columns; ++c, row += plan.columns.stride) {
      const int16_t *x = row, *w = taps;
      int32_t sum = 0;
      for (int32_t ky = 0; ky < plan.rows.filter; ++ky, x += next, w += plan.taps_pitch) {
        for (int32_t kx = 0; kx < plan.columns.filter; ++kx) sum = __smlabb(x[kx * plan.columns.dilation], w[kx], sum);
      }
      sums[c] = sum;
    }
  }
};

}  // namespace mote
