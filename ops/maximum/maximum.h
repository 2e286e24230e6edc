// The greater of two elements; shapes broadcast. int8: all three tensors have the same scale and zero point. Source:
// TFLite kernels/internal/reference/maximum_minimum.h.
#pragma once
#include "device/broadcast.h"

namespace mote {

constexpr int32_t kMaximumCode = 55;

struct MaximumAttributes {};

template <class V>
void visit(V&, MaximumAttributes&) {}

// The greater or the smaller of two elements, the second where neither is.
template <class T, bool kGreater>
struct Extremum {
  using Stored = T;
  int32_t groups;

  T operator()(T a, T b) const { return (kGreater ? a > b : a < b) ? a : b; }
};

template <class Attributes, class T, bool kGreater>
Status binary_setup(const Attributes&, const TensorInfo& a, const TensorInfo& b, const TensorInfo& output,
                    Extremum<T, kGreater>&) {
  return same_quantization(a, b) && same_quantization(a, output) ? Status::ok : Status::bad_quantization;
}

using MaximumInt8 = Extremum<int8_t, true>;
using MaximumFloat32 = Extremum<float, true>;

constexpr Kernel maximum_int8 = binary_kernel<MaximumAttributes, MaximumInt8>(kMaximumCode);
constexpr Kernel maximum_float32 = binary_kernel<MaximumAttributes, MaximumFloat32>(kMaximumCode);

}  // namespace mote
