// Strided slice, as x[begin:end:stride, ...] of NumPy. Source: TFLite kernels/strided_slice.cc,
// kernels/internal/strided_slice_logic.h.
//
// Inputs 1 to 3 have one entry for each index; bit i of a mask is about entry i: begin_mask and end_mask, the index
// goes to the end of the dimension; ellipsis, it stands for as many whole dimensions as are left; new_axis, it gives a
// dimension of 1; shrink_axis, it takes the element at `begin` and the dimension is gone.
#pragma once
#include "device/strided_copy.h"

namespace mote {

constexpr int32_t kStridedSliceCode = 45;

struct SliceAxis {
  int32_t begin = 0, stride = 1;
  int32_t size = kWhole;
  static constexpr int32_t kWhole = -1;  // all of the dimension, in any batch
};

struct StridedSliceAttributes {
  static constexpr int32_t kOperands = 3;
  int32_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0, shrink_axis_mask = 0;
  bool offset = false;  // `end` counts from `begin`
  // Taken from the inputs: one for each dimension of the input, and the input's dimension or kNewAxis for each of the
  // output.
  SliceAxis axes[kMaxRank];
  int8_t rank = 0, source[kMaxRank] = {};
  static constexpr int8_t kNewAxis = -1;
};

template <class V>
void visit(V& v, StridedSliceAttributes& a) {
  v.field(0, "begin_mask", a.begin_mask);
  v.field(1, "end_mask", a.end_mask);
  v.field(2, "ellipsis_mask", a.ellipsis_mask);
  v.field(3, "new_axis_mask", a.new_axis_mask);
  v.field(4, "shrink_axis_mask", a.shrink_axis_mask);
  v.field(5, "offset", a.offset);
}

constexpr int64_t between(int64_t low, int64_t value, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

// Entry i of the operands on a dimension of `size`. False: stride 0, or an element that does not exist.
constexpr bool resolve_axis(const StridedSliceAttributes& a, const Integers* operands, int32_t i, int32_t size,
                            SliceAxis& axis) {
  const int64_t stride = operands[2].values[i], from_end = stride < 0 ? -1 : 0;
  if (stride == 0) return false;
  int64_t begin = operands[0].values[i], end = operands[1].values[i];
  const bool shrink = (a.shrink_axis_mask >> i & 1) != 0;
  if (begin < 0) begin += size;
  if ((a.begin_mask >> i & 1) != 0) begin = stride > 0 ? 0 : size;
  begin = between(from_end, begin, size + from_end);
  if (shrink) {
    axis = {static_cast<int32_t>(begin), 1, 1};
    return begin >= 0 && begin < size;
  }
  if (a.offset) {
    end += begin;
  }
  if (end < 0) end += size;
  if ((a.end_mask >> i & 1) != 0) end = stride > 0 ? size : -1;
  end = between(from_end, end, size + from_end);
  const int64_t count = stride > 0 ? (end - begin + stride - 1) / stride : (end - begin + stride + 1) / stride;
  axis = {static_cast<int32_t>(begin), static_cast<int32_t>(stride), static_cast<int32_t>(count < 0 ? 0 : count)};
  if (begin == 0 && stride == 1 && count == size) axis = SliceAxis{};
  return true;
}

constexpr bool keep_dimension(StridedSliceAttributes& a, int32_t source) {
  if (a.rank == kMaxRank) return false;
  a.source[a.rank++] = static_cast<int8_t>(source);
  return true;
}

// False: more entries than dimensions, or resolve_axis() refuses.
constexpr bool take_operands(StridedSliceAttributes& a, const Shape& input, const Integers* operands) {
  const int32_t entries = operands[0].count;
  if (operands[1].count != entries || operands[2].count != entries || entries > kMaxRank) return false;
  int32_t whole = input.rank;  // dimensions that no entry takes
  bool ellipsis = false;
  for (int32_t i = 0; i < entries; ++i) {
    const bool here = (a.ellipsis_mask >> i & 1) != 0;
    if (here && ellipsis) return false;
    ellipsis = ellipsis || here;
    if (!here && (a.new_axis_mask >> i & 1) == 0) --whole;
  }
  if (whole < 0) return false;
  a.rank = 0;
  int32_t dim = 0;
  for (int32_t i = 0; i < entries; ++i) {
    if ((a.ellipsis_mask >> i & 1) != 0) {
      for (; whole > 0; --whole)
        if (!keep_dimension(a, dim++)) return false;
    } else if ((a.new_axis_mask >> i & 1) != 0) {
      if (!keep_dimension(a, StridedSliceAttributes::kNewAxis)) return false;
    } else {
      if (!resolve_axis(a, operands, i, input[dim], a.axes[dim])) return false;
      if ((a.shrink_axis_mask >> i & 1) == 0 && !keep_dimension(a, dim)) return false;
      ++dim;
    }
  }
  for (; dim < input.rank; ++dim)
    if (!keep_dimension(a, dim)) return false;
  return true;
}

// False: an index beyond the input (of another batch than the one that the operands were taken for).
constexpr bool view_of(const StridedSliceAttributes& a, const Shape& input, StridedView& view) {
  int32_t steps[kMaxRank] = {}, sizes[kMaxRank] = {};
  steps_in_a_row(input, steps);
  for (int32_t i = 0; i < input.rank; ++i) {
    const SliceAxis& axis = a.axes[i];
    sizes[i] = axis.size == SliceAxis::kWhole ? input[i] : axis.size;
    const int64_t last = axis.begin + int64_t{axis.stride} * (sizes[i] - 1);
    if (sizes[i] > 0 && (axis.begin < 0 || axis.begin >= input[i] || last < 0 || last >= input[i])) return false;
    if (sizes[i] > 0) view.offset += axis.begin * steps[i];
    steps[i] = sizes[i] > 1 ? steps[i] * axis.stride : 0;
  }
  view.shape.rank = a.rank;
  for (int32_t i = 0; i < a.rank; ++i) {
    const int32_t source = a.source[i];
    view.shape.dims[i] = source < 0 ? 1 : sizes[source];
    view.steps[i] = source < 0 ? 0 : steps[source];
  }
  view.sizes = view.shape;
  return true;
}

constexpr Kernel strided_slice_any = view_kernel<StridedSliceAttributes>(kStridedSliceCode);

}  // namespace mote
