// Slice: `size` elements from `begin` on along each dimension. Source: TFLite kernels/internal/reference/slice.h.
#pragma once
#include "device/strided_copy.h"

namespace mote {

constexpr int32_t kSliceCode = 65;
constexpr int32_t kWholeDimension = -1;

struct SliceAttributes {
  static constexpr int32_t kOperands = 2;
  int32_t begin[kMaxRank] = {};
  int32_t size[kMaxRank] = {};  // or kWholeDimension, in any batch
};

template <class V>
void visit(V&, SliceAttributes&) {}

// -1 of `size` means all that follow. False: outside the input.
constexpr bool take_operands(SliceAttributes& a, const Shape& input, const Integers* operands) {
  if (operands[0].count != input.rank || operands[1].count != input.rank) return false;
  for (int32_t i = 0; i < input.rank; ++i) {
    const int32_t begin = operands[0].values[i], size = operands[1].values[i];
    if (begin < 0 || begin > input[i] || size < -1) return false;
    a.begin[i] = begin;
    a.size[i] = size == -1 ? input[i] - begin : size;  // -1: all that follow
    if (begin == 0 && a.size[i] == input[i]) a.size[i] = kWholeDimension;
  }
  return true;
}

// False: a slice that is not inside the input.
constexpr bool view_of(const SliceAttributes& a, const Shape& input, StridedView& view) {
  steps_in_a_row(input, view.steps);
  view.shape.rank = input.rank;
  for (int32_t i = 0; i < input.rank; ++i) {
    view.shape.dims[i] = a.size[i] == kWholeDimension ? input[i] : a.size[i];
    if (view.shape[i] > input[i] - a.begin[i]) return false;
    view.offset += a.begin[i] * view.steps[i];
  }
  view.sizes = view.shape;
  return true;
}

constexpr Kernel slice_any = view_kernel<SliceAttributes>(kSliceCode);

}  // namespace mote
