// Pack: tensors of one shape as the slices of a new dimension. Source: TFLite micro/kernels/pack.cc.
#pragma once
#include "device/axis_parts.h"

namespace mote {

constexpr int32_t kPackCode = 83;

struct PackAttributes {
  static constexpr bool kStacked = true;
  int32_t values_count = 0, axis = 0;
};

template <class V>
void visit(V& v, PackAttributes& a) {
  v.field(0, "values_count", a.values_count);
  v.field(1, "axis", a.axis);
}

constexpr bool is_supported(const PackAttributes&) {
  return true;
}

constexpr Kernel pack_any = join_kernel<PackAttributes>(kPackCode);

}  // namespace mote
