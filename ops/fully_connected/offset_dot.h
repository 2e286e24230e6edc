// The inner product of fully_connected for other operators that multiply int8 rows.
#pragma once
#include "ops/fully_connected/fully_connected.h"

namespace mote {

// sums[r] = sum_i (input[i] + offset) * weights[r * n + i] for r < count, wrapping. Not inlined, so that all share it.
template <class Dot = FullyConnectedDot>
__attribute__((noinline)) void offset_dots(const int8_t* input, int32_t offset, const int8_t* weights, int32_t n,
                                           int32_t count, int32_t* sums) {
  Dot::rows(input, offset, weights, n, count, sums);
}

}  // namespace mote
