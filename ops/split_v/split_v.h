// Split along an axis (input 2) into parts of the sizes in input 1, of which one may be -1: what is left. Source:
// TFLite kernels/split_v.cc.
#pragma once
#include "device/axis_parts.h"

namespace mote {

constexpr int32_t kSplitVCode = 102;
constexpr int32_t kMostSplits = 16;

struct SplitVAttributes {
  static constexpr bool kStacked = false;
  static constexpr int32_t kData = 0, kOperands = 2;
  int32_t num_splits = 0;
  int32_t axis = 0, sizes[kMostSplits] = {};  // taken from inputs 2 and 1
};

template <class V>
void visit(V& v, SplitVAttributes& a) {
  v.field(0, "num_splits", a.num_splits);
}

constexpr bool take_operands(SplitVAttributes& a, const Shape& whole, const Integers* operands) {
  const int32_t count = operands[0].count;
  if (count != a.num_splits || count > kMostSplits) return false;
  if (operands[1].count != 1 || resolved_axis(operands[1].values[0], whole.rank) < 0) return false;
  a.axis = operands[1].values[0];
  for (int32_t i = 0; i < count; ++i) a.sizes[i] = operands[0].values[i];
  return true;
}

// Size of part i along the axis, of `length` altogether.
constexpr int32_t part_length(const SplitVAttributes& a, int32_t i, int32_t length) {
  if (a.sizes[i] != -1) return a.sizes[i];
  int64_t left = length;
  for (int32_t k = 0; k < a.num_splits; ++k) left -= k == i ? 0 : a.sizes[k];
  return left < 0 || left > length ? -1 : static_cast<int32_t>(left);
}
constexpr int32_t part_count(const SplitVAttributes& a) {
  return a.num_splits;
}

constexpr Kernel split_v_any = split_kernel<SplitVAttributes>(kSplitVCode);

}  // namespace mote
