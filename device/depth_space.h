// Squares of an image as channels, and back: SPACE_TO_DEPTH and DEPTH_TO_SPACE. Source: TFLite
// kernels/internal/reference/space_to_depth.h, depth_to_space.h.
#pragma once
#include "device/strided_copy.h"

namespace mote {

struct BlockAttributes {
  static constexpr int32_t kOperands = 0;
  int32_t block_size = 0;
};

template <class V>
void visit(V& v, BlockAttributes& a) {
  v.field(0, "block_size", a.block_size);
}

// The view of a tensor of dimensions `from` that has dimension order[i] of it as its dimension i.
constexpr void permute(const Shape& from, const int8_t* order, StridedView& view) {
  int32_t steps[kMaxRank] = {};
  steps_in_a_row(from, steps);
  view.sizes.rank = from.rank;
  for (int32_t i = 0; i < from.rank; ++i) {
    view.sizes.dims[i] = from[order[i]];
    view.steps[i] = steps[order[i]];
  }
}

}  // namespace mote
