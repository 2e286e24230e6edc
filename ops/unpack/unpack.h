// Unpack: the slices of a dimension, which is gone, as tensors. Source: TFLite micro/kernels/unpack.cc.
#pragma once
#include "device/axis_parts.h"

namespace mote {

constexpr int32_t kUnpackCode = 88;

struct UnpackAttributes {
  static constexpr bool kStacked = true;
  static constexpr int32_t kData = 0, kOperands = 0;
  int32_t num = 0, axis = 0;
};

template <class V>
void visit(V& v, UnpackAttributes& a) {
  v.field(0, "num", a.num);
  v.field(1, "axis", a.axis);
}

constexpr bool take_operands(UnpackAttributes&, const Shape&, const Integers*) {
  return true;
}

// Size of part i along the axis.
constexpr int32_t part_length(const UnpackAttributes&, int32_t, int32_t) {
  return 1;
}
constexpr int32_t part_count(const UnpackAttributes& a) {
  return a.num;
}

constexpr Kernel unpack_any = split_kernel<UnpackAttributes>(kUnpackCode);

}  // namespace mote
