// Sum of two inputs whose shapes broadcast, with a fused activation. int8: device/scaled_sum.h. Source: TFLite
// kernels/internal/reference/add.h, micro/kernels/add_common.cc.
#pragma once
#include "device/activation.h"
#include "device/broadcast.h"
#include "device/scaled_sum.h"

namespace mote {

constexpr int32_t kAddCode = 0;

struct AddAttributes {
  Activation activation = Activation::none;
};

template <class V>
void visit(V& v, AddAttributes& a) {
  v.field(0, "fused_activation_function", a.activation);
}

struct AddInt8 {
  using Stored = int8_t;
  int32_t groups;
  ScaledSum sum;

  int8_t operator()(int8_t a, int8_t b) const { return scaled_sum(sum, a, b, 1); }
};

struct AddFloat32 {
  using Stored = float;
  int32_t groups;
  float low, high;

  float operator()(float a, float b) const {
    const float sum = a + b;
    return sum < low ? low : sum > high ? high : sum;
  }
};

inline Status binary_setup(const AddAttributes& attributes, const TensorInfo& a, const TensorInfo& b,
                           const TensorInfo& output, AddInt8& p) {
  return scaled_sum_setup(attributes.activation, a, b, output, p.sum);
}

inline Status binary_setup(const AddAttributes& attributes, const TensorInfo&, const TensorInfo&, const TensorInfo&,
                           AddFloat32& p) {
  if (!is_clamping(attributes.activation)) return Status::unsupported_option;
  const FloatRange range = float_activation_range(attributes.activation);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

constexpr Kernel add_int8 = binary_kernel<AddAttributes, AddInt8>(kAddCode);
constexpr Kernel add_float32 = binary_kernel<AddAttributes, AddFloat32>(kAddCode);

}  // namespace mote
