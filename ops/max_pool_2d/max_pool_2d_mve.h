// Maximum of int8 for cores with Helium (Cortex-M55, M85): sixteen channels at a time.
#pragma once
#if !defined(__ARM_FEATURE_MVE)
#error "include ops/max_pool_2d/max_pool_2d.h, which chooses the variant"
#endif
#include <arm_mve.h>

#include "device/pool.h"

namespace mote {

// As pool_each().
inline void max_pool_mve(const PoolWindow& w, int8_t low, int8_t high, const int8_t* first, int32_t channels,
                         int8_t* output) {
  for (; channels > 0; channels -= 16, first += 16, output += 16) {
    const mve_pred16_t some = vctp8q(static_cast<uint32_t>(channels));
    int8x16_t most = vdupq_n_s8(low);
    const int8_t* input = first;
    for (int32_t row = 0; row < w.rows; ++row, input += w.row_step)
      for (int32_t column = 0; column < w.columns; ++column, input += w.column_step)
        most = vmaxq_s8(most, vldrbq_z_s8(input, some));
    vstrbq_p_s8(output, vminq_s8(most, vdupq_n_s8(high)), some);
  }
}

}  // namespace mote
