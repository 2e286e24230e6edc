// The vector form of device/lanes.h for cores with Helium (Cortex-M55, M85); device/requantize_mve.h says why it is
// exact.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "include device/lanes.h, which chooses the variant"
#endif
#include "device/convolution.h"
#include "device/multiplier_mve.h"
#include "device/requantize_mve.h"

namespace mote {

class MveLanes {
 public:
  // Four outputs at a time; the last four may go beyond `count`.
  template <class Scales>
  __attribute__((noinline)) static bool fill(const Scales& scales, int32_t first, int32_t count, const int32_t* bias,
                                             int32_t* table) {
    const MveMultipliers multipliers_of(scales.input, scales.output);
    const uint32x4_t even_odd = {0, 4, 1, 5};  // places of four outputs
    const auto bytes_at = [](const void* from) { return static_cast<const uint8_t*>(from); };
    int32x4_t largest = vdupq_n_s32(-1);
    for (int32_t i = 0; i < count; i += 4, table += (i & 7) != 0 ? 2 : 22) {
      const mve_pred16_t some = vctp8q(static_cast<uint32_t>(4 * (count - i)));  // neither array need be aligned
      int32x4_t multipliers, shifts;
      multipliers_of.of(scales.one ? vdupq_n_u32(float_bits_at(scales.weights))
                                   : vreinterpretq_u32_u8(vldrbq_z_u8(bytes_at(scales.weights + first + i), some)),
                        multipliers, shifts);
      largest = vmaxq_s32(largest, shifts);
      int32x4_t start = vdupq_n_s32(0);
      if (bias != nullptr) start = vreinterpretq_s32_u8(vldrbq_z_u8(bytes_at(bias + first + i), some));
      vstrwq_scatter_shifted_offset_s32(table, even_odd, start);
      vstrwq_scatter_shifted_offset_s32(table + 8, even_odd, multipliers);
      vstrwq_scatter_shifted_offset_s32(table + 16, even_odd, shifts);
    }
    return vmaxvq_s32(-1, largest) < 0;
  }

  template <bool kUsual>
  static void finish(const Int8Output& range, const int32_t* table, const int32_t* sums, int32_t count,
                     int8_t* outputs) {
    finish_two<kUsual>(range, table, sums, 0, count, outputs, 0);  // twice the same
  }

  // Of two pixels, whose sums are `sums_step` words and whose outputs `outputs_step` bytes apart.
  template <bool kUsual>
  static void finish_two(const Int8Output& range, const int32_t* table, const int32_t* sums, int32_t sums_step,
                         int32_t count, int8_t* outputs, int32_t outputs_step) {
    if (kUsual) {
      finish_usual(range, table, sums, sums + sums_step, count, outputs, outputs + outputs_step);
      return;
    }
    const MveLanes lanes(range);
    for (; count > 0; count -= 8, table += 24, sums += 8, outputs += 8) {
      const mve_pred16_t some = vctp16q(static_cast<uint32_t>(count));
      vstrbq_p_s16(outputs, lanes.eight(table, sums), some);
      vstrbq_p_s16(outputs + outputs_step, lanes.eight(table, sums + sums_step), some);
    }
  }

  explicit MveLanes(const Int8Output& range)
      : low_(vdupq_n_s16(range.low)), high_(vdupq_n_s16(range.high)), zero_(range.zero_point) {}

  // The bytes, widened, of sums of even and odd outputs; `scales`: their multipliers and shifts.
  template <bool kUsual>
  __attribute__((always_inline)) int16x8_t bytes(int32x4_t even, int32x4_t odd, const int32_t* scales) const {
    even = scaled<kUsual>(even, vldrwq_s32(scales), vldrwq_s32(scales + 8));
    odd = scaled<kUsual>(odd, vldrwq_s32(scales + 4), vldrwq_s32(scales + 12));
    if (!kUsual) {  // beyond 30 bits, where the sum with the zero point may wrap
      even = vaddq_n_s32(even, zero_);
      odd = vaddq_n_s32(odd, zero_);
    }
    int16x8_t both = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s32(even), even), odd);
    if (kUsual) both = vqaddq_n_s16(both, zero_);
    return vminq_s16(vmaxq_s16(both, low_), high_);
  }

 private:
  __attribute__((always_inline)) int16x8_t eight(const int32_t* table, const int32_t* sums) const {
    const uint32x4_t every_second = vshlq_n_u32(vidupq_n_u32(0, 1), 1);
    const int32x4_t even = vldrwq_gather_shifted_offset_s32(sums, every_second);
    const int32x4_t odd = vldrwq_gather_shifted_offset_s32(sums + 1, every_second);
    return bytes<false>(vaddq_s32(even, vldrwq_s32(table)), vaddq_s32(odd, vldrwq_s32(table + 4)), table + 8);
  }
  template <bool kUsual>
  __attribute__((always_inline)) static int32x4_t scaled(int32x4_t x, int32x4_t multiplier, int32x4_t shift) {
    return kUsual ? requantize_down_mve(x, multiplier, shift) : requantize_mve(x, multiplier, shift);
  }

// clang-format off
#define MOTE_LANES(operation, even, odd)     \
  operation " q0, q0, " even "\n\t"         \
  operation " q2, q2, " even "\n\t"         \
  operation " q1, q1, " odd "\n\t"          \
  operation " q3, q3, " odd "\n\t"
#define MOTE_LANES_SCALES(even, odd)         \
  "vldrw.32 q4, [%[table], #" even "]\n\t"  \
  "vldrw.32 q5, [%[table], #" odd "]\n\t"

  // Both pixels share the loads of the table. One asm statement, because GCC 12 adds a move to many of the loads.
  // q0, q1: even and odd sums of the first pixel; q2, q3: of the second; q4, q5: of the table.
  __attribute__((noinline)) static void finish_usual(const Int8Output& range, const int32_t* table,
                                                     const int32_t* sums, const int32_t* seconds, int32_t count,
                                                     int8_t* outputs, int8_t* second_outputs) {
    const int16x8_t low = vdupq_n_s16(range.low), high = vdupq_n_s16(range.high);
    const int32_t groups = (count + 7) >> 3;
    __asm__ volatile(
        "dls lr, %[groups]\n\t"
        "1:\n\t"
        "vld20.32 {q0, q1}, [%[sums]]\n\t"
        "vld21.32 {q0, q1}, [%[sums]]!\n\t"
        "vld20.32 {q2, q3}, [%[seconds]]\n\t"
        "vld21.32 {q2, q3}, [%[seconds]]!\n\t"
        MOTE_LANES_SCALES("0", "16")
        MOTE_LANES("vadd.i32", "q4", "q5")
        MOTE_LANES_SCALES("32", "48")
        MOTE_LANES("vqrdmulh.s32", "q4", "q5")
        // x + floor(x / 2^31): less 1 where it is negative.
        "vqdmlah.s32 q0, q0, %[one]\n\t"
        "vqdmlah.s32 q2, q2, %[one]\n\t"
        "vqdmlah.s32 q1, q1, %[one]\n\t"
        "vqdmlah.s32 q3, q3, %[one]\n\t"
        MOTE_LANES_SCALES("64", "80")
        MOTE_LANES("vrshl.s32", "q4", "q5")
        "vqmovnb.s32 q0, q0\n\t"
        "vqmovnb.s32 q2, q2\n\t"
        "vqmovnt.s32 q0, q1\n\t"
        "vqmovnt.s32 q2, q3\n\t"
        "vqadd.s16 q0, q0, %[zero]\n\t"
        "vqadd.s16 q2, q2, %[zero]\n\t"
        "vctp.16 %[count]\n\t"
        "vmax.s16 q0, q0, %q[low]\n\t"
        "vmax.s16 q2, q2, %q[low]\n\t"
        "vmin.s16 q0, q0, %q[high]\n\t"
        "vmin.s16 q2, q2, %q[high]\n\t"
        "adds %[table], #96\n\t"
        "vpstt\n\t"
        "vstrbt.16 q0, [%[outputs]], #8\n\t"
        "vstrbt.16 q2, [%[second_outputs]], #8\n\t"
        "subs %[count], #8\n\t"
        "le lr, 1b\n\t"
        : [table] "+l"(table), [sums] "+r"(sums), [seconds] "+r"(seconds), [count] "+l"(count),
          [outputs] "+l"(outputs), [second_outputs] "+l"(second_outputs)
        : [groups] "r"(groups), [low] "w"(low), [high] "w"(high), [zero] "r"(range.zero_point), [one] "r"(1)
        : "q0", "q1", "q2", "q3", "q4", "q5", "lr", "memory", "cc");
  }
// clang-format on
#undef MOTE_LANES_SCALES
#undef MOTE_LANES

  int16x8_t low_, high_;
  int16_t zero_;
};

}  // namespace mote
