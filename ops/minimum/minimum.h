// The smaller of two elements; shapes broadcast. int8: all three tensors have the same scale and zero point. Source:
// TFLite kernels/internal/reference/maximum_minimum.h.
#pragma once
#include "device/broadcast.h"
#include "ops/maximum/maximum.h"

namespace mote {

constexpr int32_t kMinimumCode = 57;

struct MinimumAttributes {};

template <class V>
void visit(V&, MinimumAttributes&) {}

using MinimumInt8 = Extremum<int8_t, false>;
using MinimumFloat32 = Extremum<float, false>;

constexpr Kernel minimum_int8 = binary_kernel<MinimumAttributes, MinimumInt8>(kMinimumCode);
constexpr Kernel minimum_float32 = binary_kernel<MinimumAttributes, MinimumFloat32>(kMinimumCode);

}  // namespace mote
