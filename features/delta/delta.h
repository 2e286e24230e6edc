// How features change from frame to frame: the slope of a straight line through a row and its two neighbours on each
// side, d[t] = (c[t+1] - c[t-1] + 2 (c[t+2] - c[t-2])) / 10 (Young et al., The HTK Book, section 5.9). Beyond its ends
// the window has its first and its last row.
#pragma once
#include <stdint.h>

#include "features/fixed_point.h"

namespace mote {

// Slopes in steps of a quarter of the features' own: they are smaller.
constexpr int32_t kDeltaFractionBits = 2;

// rows: row_count x stride; in each row `columns` values at `from`, their slopes go to `to`.
inline void delta(int16_t* rows, int32_t row_count, int32_t stride, int32_t columns, int32_t from, int32_t to) {
  const int32_t last = row_count - 1;
  for (int32_t t = 0; t < row_count; ++t) {
    const int16_t* const before = rows + (t > 0 ? t - 1 : 0) * stride + from;
    const int16_t* const far_before = rows + (t > 1 ? t - 2 : 0) * stride + from;
    const int16_t* const after = rows + (t < last ? t + 1 : last) * stride + from;
    const int16_t* const far_after = rows + (t + 1 < last ? t + 2 : last) * stride + from;
    int16_t* const out = rows + t * stride + to;
    for (int32_t c = 0; c < columns; ++c) {
      const int32_t slope = int32_t{after[c]} - before[c] + 2 * (int32_t{far_after[c]} - far_before[c]);  // times 10
      out[c] = saturate_int16(rounding_divide(int64_t{slope} << kDeltaFractionBits, 10));
    }
  }
}

}  // namespace mote
