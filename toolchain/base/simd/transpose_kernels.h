// Rows to columns, in squares of a vector's length: one store for each vector, where single floats far apart would wait
// for memory one by one.
#pragma once
#include <utility>

#include "toolchain/base/simd/simd.h"
#include "toolchain/base/simd/vector.h"

namespace mote {
namespace {

// Of a square of 2 D x 2 D in every one of the matrix of vectors, the parts beside the diagonal change places.
template <int D, int... L>
MOTE_INLINE void exchange_parts(Vector (&square)[kLanes], std::integer_sequence<int, L...>) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if ((i & D) != 0) continue;
    const Vector upper = square[i], lower = square[i + D];
    square[i] = __builtin_shufflevector(upper, lower, (((L & D) != 0) ? kLanes + L - D : L)...);
    square[i + D] = __builtin_shufflevector(upper, lower, (((L & D) != 0) ? kLanes + L : L + D)...);
  }
}

template <int D = 1>
MOTE_INLINE void transpose_square(Vector (&square)[kLanes]) {
  if constexpr (D < kLanes) {
    exchange_parts<D>(square, std::make_integer_sequence<int, kLanes>{});
    transpose_square<2 * D>(square);
  }
}

void transpose(int32_t rows, int32_t columns, const float* x, int64_t x_pitch, float* y, int64_t y_pitch) {
  for (int32_t i = 0; i < rows; i += kLanes)
    for (int32_t j = 0; j < columns; j += kLanes) {
      const int32_t height = rows - i < kLanes ? rows - i : kLanes, width = columns - j < kLanes ? columns - j : kLanes;
      const float* const from = x + i * x_pitch + j;
      float* const to = y + j * y_pitch + i;
      if (height < kLanes || width < kLanes) {
        for (int32_t c = 0; c < width; ++c)
          for (int32_t r = 0; r < height; ++r) to[c * y_pitch + r] = from[r * x_pitch + c];
        continue;
      }
      Vector square[kLanes];
#pragma GCC unroll 16
      for (int r = 0; r < kLanes; ++r) square[r] = load(from + r * x_pitch);
      transpose_square(square);
#pragma GCC unroll 16
      for (int c = 0; c < kLanes; ++c) store(to + c * y_pitch, square[c]);
    }
}

}  // namespace
}  // namespace mote
