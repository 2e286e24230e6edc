// Inner primitives of depthwise_conv_2d for cores of ARMv6-M (Cortex-M0, M0+): four outputs at a time share the loads
// of the taps. The loop is asm because it needs all eight low registers, and high ones for the sums.
#pragma once
#if !defined(__ARM_ARCH_ISA_THUMB) || __ARM_ARCH_ISA_THUMB != 1
#error "include ops/depthwise_conv_2d/depthwise_conv_2d.h, which chooses the variant"
#endif
#include <stdint.h>

namespace mote {

// `Plain`: does what is not here.
template <class Plain>
struct DepthwiseM0 : Plain {
  template <class Plan>
  static void block(const Plan& plan, const int16_t* taps, const int16_t* plane, int32_t rows, int32_t columns,
                    int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    if (plan.columns.dilation == 1) {
      const Window window = {plan.rows.filter, -2 * plan.columns.filter, 2 * plan.rows.dilation * plan.plane_pitch,
                             2 * plan.taps_pitch};
      for (; rows > 0; --rows, plane += plan.rows.stride * plan.plane_pitch, sums += columns)
        row(window, taps + plan.columns.filter, plane + plan.columns.filter, plan.columns.stride, columns, sums);
      return;
    }
#endif
    Plain::block(plan, taps, plane, rows, columns, sums);
  }

 private:
  struct Window {
    int32_t rows, back, next, pitch;  // bytes: from behind a row's taps to its first, to the plane's next row, of taps
  };

  // `taps`, `x`: behind the first row's last. The last four outputs overlap with those before them; of fewer than
  // four, the last is computed several times.
  static void row(const Window& window, const int16_t* taps, const int16_t* x, int32_t stride, int32_t columns,
                  int32_t* sums) {
    const int32_t last = columns > 4 ? columns - 4 : 0;
    const int32_t second = columns > 1 ? stride : 0, third = columns > 2 ? 2 * stride : second,
                  fourth = columns > 3 ? 3 * stride : third;
    for (int32_t c = 0; c < columns; c += 4) {
      const int32_t first = c < last ? c : last;
      const int16_t* const at = x + first * stride;
      int32_t four_sums[4];
      four(window, taps, at, at + second, at + third, at + fourth, four_sums);
      for (int32_t i = 0; i < 4 && i < columns; ++i) sums[first + i] = four_sums[i];
    }
  }

// clang-format off
#define MOTE_DEPTHWISE_OUTPUT(sum, at) \
  "ldrsh %[x], [" at ", %[i]]\n\t"    \
  "muls %[x], %[w], %[x]\n\t"         \
  "add " sum ", %[x]\n\t"
  __attribute__((noinline, optimize("omit-frame-pointer"))) static void four(
      const Window& window, const int16_t* taps, const int16_t* x0, const int16_t* x1, const int16_t* x2,
      const int16_t* x3, int32_t* sums) {
    const Window local = window;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, rows = local.rows, w, x, i;
    __asm__ volatile(
        ".syntax unified\n\t"
        "1:\n\t"
        "ldr %[i], %[back]\n\t"
        "2:\n\t"
        "ldrsh %[w], [%[taps], %[i]]\n\t"
        MOTE_DEPTHWISE_OUTPUT("%[s0]", "%[x0]")
        MOTE_DEPTHWISE_OUTPUT("%[s1]", "%[x1]")
        MOTE_DEPTHWISE_OUTPUT("%[s2]", "%[x2]")
        MOTE_DEPTHWISE_OUTPUT("%[s3]", "%[x3]")
        "adds %[i], #2\n\t"
        "bne 2b\n\t"
        "ldr %[w], %[next]\n\t"
        "adds %[x0], %[x0], %[w]\n\t"
        "adds %[x1], %[x1], %[w]\n\t"
        "adds %[x2], %[x2], %[w]\n\t"
        "adds %[x3], %[x3], %[w]\n\t"
        "ldr %[w], %[pitch]\n\t"
        "adds %[taps], %[taps], %[w]\n\t"
        "mov %[w], %[rows]\n\t"
        "subs %[w], #1\n\t"
        "mov %[rows], %[w]\n\t"
        "bne 1b\n\t"
        : [taps] "+l"(taps), [x0] "+l"(x0), [x1] "+l"(x1), [x2] "+l"(x2), [x3] "+l"(x3), [i] "=&l"(i), [w] "=&l"(w),
          [x] "=&l"(x), [s0] "+h"(s0), [s1] "+h"(s1), [s2] "+h"(s2), [s3] "+h"(s3), [rows] "+h"(rows)
        : [back] "m"(local.back), [next] "m"(local.next), [pitch] "m"(local.pitch)
        : "memory", "cc");
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
  }
// clang-format on
#undef MOTE_DEPTHWISE_OUTPUT
};

}  // namespace mote
