// Sequences in the order in which a recurrence walks them.
#pragma once
#include <algorithm>
#include <cstdint>

namespace mote {

// [outer, inner, length] -> [inner, outer, length]
inline void swap_outer(int32_t outer, int32_t inner, int32_t length, const float* from, float* to) {
  for (int32_t i = 0; i < inner; ++i)
    for (int32_t o = 0; o < outer; ++o, to += length) std::copy_n(from + (int64_t{o} * inner + i) * length, length, to);
}

}  // namespace mote
