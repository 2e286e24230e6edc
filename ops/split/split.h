// Split into equal parts along an axis, which is input 0; the data are input 1. Source: TFLite micro/kernels/split.cc.
#pragma once
#include "device/axis_parts.h"

namespace mote {

constexpr int32_t kSplitCode = 49;

struct SplitAttributes {
  static constexpr bool kStacked = false;
  static constexpr int32_t kData = 1, kOperands = 1;
  int32_t num_splits = 0;
  int32_t axis = 0;  // taken from input 0
};

template <class V>
void visit(V& v, SplitAttributes& a) {
  v.field(0, "num_splits", a.num_splits);
}

constexpr bool take_operands(SplitAttributes& a, const Shape& whole, const Integers* operands) {
  if (operands[0].count != 1 || resolved_axis(operands[0].values[0], whole.rank) < 0) return false;
  a.axis = operands[0].values[0];
  return true;
}

// Size of part i along the axis, of `length` altogether. REQUIRES: part_count() > 0.
constexpr int32_t part_length(const SplitAttributes& a, int32_t, int32_t length) {
  return length / a.num_splits;
}
constexpr int32_t part_count(const SplitAttributes& a) {
  return a.num_splits;
}

constexpr Kernel split_any = split_kernel<SplitAttributes>(kSplitCode);

}  // namespace mote
