// Quotient in float with a fused activation; shapes broadcast.
#pragma once
#include "device/activation.h"
#include "device/broadcast.h"

namespace mote {

constexpr int32_t kDivCode = 42;

struct DivAttributes {
  Activation activation = Activation::none;
};

template <class V>
void visit(V& v, DivAttributes& a) {
  v.field(0, "fused_activation_function", a.activation);
}

struct DivFloat32 {
  using Stored = float;
  int32_t groups;
  float low, high;

  float operator()(float a, float b) const {
    const float y = a / b;
    return y < low ? low : y > high ? high : y;
  }
};

inline Status binary_setup(const DivAttributes& attributes, const TensorInfo&, const TensorInfo&, const TensorInfo&,
                           DivFloat32& p) {
  if (!is_clamping(attributes.activation)) return Status::unsupported_option;
  const FloatRange range = float_activation_range(attributes.activation);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

constexpr Kernel div_float32 = binary_kernel<DivAttributes, DivFloat32>(kDivCode);

}  // namespace mote
