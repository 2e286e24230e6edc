// Inner primitives of fully_connected for cores with Helium (Cortex-M55, M85): 10 instructions for 64
// multiply-accumulates, four rows of weights at a time; with an offset on the input, 11 for 48, because the sum of each
// row is taken too. Tail predication takes care of rows that are no multiple of 16 bytes: no byte behind them is read.
//
// The loops are asm statements: GCC 12 has no tail-predicated loops. Constraint Te: an even register.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "include ops/fully_connected/fully_connected.h, which chooses the variant"
#endif
#include "device/requantize_mve.h"

namespace mote {

struct FullyConnectedMveDot {
  __attribute__((noinline)) static void rows(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n,
                                             int32_t count, int32_t* sums) {
#if defined(__OPTIMIZE__) && !defined(__PIC__)  // otherwise too few registers are free
    if (offset == 0) {
      for (; count >= 4; count -= 4, weights += 4 * n, sums += 4) four(input, weights, n, sums);
    } else {
      for (; count >= 3; count -= 3, weights += 3 * n, sums += 3) three(input, offset, weights, n, sums);
    }
#endif
    for (; count > 0; --count, weights += n) *sums++ = one(input, offset, weights, n);
  }

 private:
  // clang-format off
  __attribute__((always_inline)) static void four(const int8_t* x, const int8_t* row0, int32_t n, int32_t* sums) {
    const int8_t *row1 = row0 + n, *row2 = row1 + n, *row3 = row2 + n;
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    __asm__ volatile(
        "dlstp.8 lr, %[n]\n\t"
        "1:\n\t"
        "vldrb.8 q0, [%[x]], #16\n\t"
        "vldrb.8 q1, [%[row0]], #16\n\t"
        "vmladava.s8 %[a0], q0, q1\n\t"
        "vldrb.8 q2, [%[row1]], #16\n\t"
        "vmladava.s8 %[a1], q0, q2\n\t"
        "vldrb.8 q1, [%[row2]], #16\n\t"
        "vmladava.s8 %[a2], q0, q1\n\t"
        "vldrb.8 q2, [%[row3]], #16\n\t"
        "vmladava.s8 %[a3], q0, q2\n\t"
        "letp lr, 1b\n\t"
        : [x] "+r"(x), [row0] "+r"(row0), [row1] "+r"(row1), [row2] "+r"(row2), [row3] "+r"(row3),
          [a0] "+Te"(a0), [a1] "+Te"(a1), [a2] "+Te"(a2), [a3] "+Te"(a3)
        : [n] "r"(n)
        : "q0", "q1", "q2", "lr", "memory", "cc");
    sums[0] = a0, sums[1] = a1, sums[2] = a2, sums[3] = a3;
  }

  __attribute__((always_inline)) static void three(const int8_t* x, int32_t offset, const int8_t* row0, int32_t n,
                                                   int32_t* sums) {
    const int8_t *row1 = row0 + n, *row2 = row1 + n;
    int32_t a0 = 0, a1 = 0, a2 = 0, w0 = 0, w1 = 0, w2 = 0;
    __asm__ volatile(
        "dlstp.8 lr, %[n]\n\t"
        "1:\n\t"
        "vldrb.8 q0, [%[x]], #16\n\t"
        "vldrb.8 q1, [%[row0]], #16\n\t"
        "vmladava.s8 %[a0], q0, q1\n\t"
        "vldrb.8 q2, [%[row1]], #16\n\t"
        "vaddva.s8 %[w0], q1\n\t"
        "vldrb.8 q3, [%[row2]], #16\n\t"
        "vmladava.s8 %[a1], q0, q2\n\t"
        "vaddva.s8 %[w1], q2\n\t"
        "vmladava.s8 %[a2], q0, q3\n\t"
        "vaddva.s8 %[w2], q3\n\t"
        "letp lr, 1b\n\t"
        : [x] "+r"(x), [row0] "+r"(row0), [row1] "+r"(row1), [row2] "+r"(row2), [a0] "+Te"(a0), [a1] "+Te"(a1),
          [a2] "+Te"(a2), [w0] "+Te"(w0), [w1] "+Te"(w1), [w2] "+Te"(w2)
        : [n] "r"(n)
        : "q0", "q1", "q2", "q3", "lr", "memory", "cc");
    sums[0] = with_offset(a0, offset, w0), sums[1] = with_offset(a1, offset, w1), sums[2] = with_offset(a2, offset, w2);
  }

  __attribute__((always_inline)) static int32_t one(const int8_t* x, int32_t offset, const int8_t* row, int32_t n) {
    int32_t a = 0, w = 0;
    __asm__ volatile(
        "dlstp.8 lr, %[n]\n\t"
        "1:\n\t"
        "vldrb.8 q0, [%[x]], #16\n\t"
        "vldrb.8 q1, [%[row]], #16\n\t"
        "vmladava.s8 %[a], q0, q1\n\t"
        "vaddva.s8 %[w], q1\n\t"
        "letp lr, 1b\n\t"
        : [x] "+r"(x), [row] "+r"(row), [a] "+Te"(a), [w] "+Te"(w)
        : [n] "r"(n)
        : "q0", "q1", "lr", "memory", "cc");
    return with_offset(a, offset, w);
  }
  // clang-format on

  // Wraps, as the sum of single products would.
  static int32_t with_offset(int32_t dot, int32_t offset, int32_t row_sum) {
    return static_cast<int32_t>(static_cast<uint32_t>(dot) +
                                static_cast<uint32_t>(offset) * static_cast<uint32_t>(row_sum));
  }
};

// fully_connected_finish(): parameters and scales as there.
template <bool kPerChannel, class Parameters, class Scales>
__attribute__((noinline)) void fully_connected_finish_mve(const Parameters& p, Scales channels, const int32_t* bias,
                                                          int32_t count, const int32_t* sums, int8_t* output) {
  const int32x4_t low = vdupq_n_s32(p.low), high = vdupq_n_s32(p.high);
  const Multiplier one = {p.multiplier, p.shift};
  const int32_t offset = p.output_offset;
  const bool down = !kPerChannel && one.shift < 0;
  for (int32_t i = 0; i < count; i += 4) {
    const mve_pred16_t some = vctp32q(static_cast<uint32_t>(count - i));
    int32x4_t x = vldrwq_z_s32(sums + i, some);
    if (bias != nullptr) x = vaddq_s32(x, vldrwq_z_s32(bias + i, some));
    if (kPerChannel)
      x = requantize_mve(x, vldrwq_z_s32(channels.multipliers + i, some), vldrbq_z_s32(channels.shifts + i, some));
    else if (down)
      x = requantize_down_mve(x, one);
    else
      x = requantize_mve(x, vdupq_n_s32(one.multiplier), vdupq_n_s32(one.shift));
    vstrbq_p_s32(output + i, vminq_s32(vmaxq_s32(vaddq_n_s32(x, offset), low), high), some);
  }
}

}  // namespace mote
