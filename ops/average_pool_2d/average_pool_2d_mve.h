// Sums of the average of int8 for cores with Helium (Cortex-M55, M85): eight channels at a time, a row of the window in
// 16 bits.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "include ops/average_pool_2d/average_pool_2d.h, which chooses the variant"
#endif
#include <arm_mve.h>

#include "device/pool.h"

namespace mote {

struct AverageMve {
  static constexpr int32_t kMostColumns = 256;  // whose sum fits 16 bits

  // Of `count` channels, 8 at most; sums[place(c)] is that of channel c. REQUIRES: at most kMostColumns columns.
  static void sums(const PoolWindow& w, const int8_t* first, int32_t count, int32_t* sums) {
    const mve_pred16_t some = vctp16q(static_cast<uint32_t>(count));
    int32x4_t even = vdupq_n_s32(0), odd = even;
    for (int32_t row = 0; row < w.rows; ++row, first += w.row_step) {
      int16x8_t sum = vdupq_n_s16(0);
      for (int32_t column = 0; column < w.columns; ++column, first += w.column_step)
        sum = vaddq_s16(sum, vldrbq_z_s16(first, some));
      even = vaddq_s32(even, vmovlbq_s16(sum));
      odd = vaddq_s32(odd, vmovltq_s16(sum));
    }
    vstrwq_s32(sums, even);
    vstrwq_s32(sums + 4, odd);
  }
  static constexpr int32_t place(int32_t channel) { return channel % 2 * 4 + channel / 2; }
};

}  // namespace mote
