// Product with a fused activation; shapes broadcast.
//
// Integers: the product of both distances from the zero points, requantized; int16 has zero points 0. Source: TFLite
// kernels/internal/reference/integer_ops/mul.h, micro/kernels/mul_common.cc.
#pragma once
#include "device/activation.h"
#include "device/broadcast.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kMulCode = 18;

struct MulAttributes {
  Activation activation = Activation::none;
};

template <class V>
void visit(V& v, MulAttributes& a) {
  v.field(0, "fused_activation_function", a.activation);
}

template <class T>
struct MulOf {
  using Stored = T;
  int32_t groups;
  Multiplier scale;
  int16_t zero_a, zero_b, zero_output;
  T low, high;

  T operator()(T a, T b) const {
    const int32_t scaled = requantize((int32_t{a} - zero_a) * (int32_t{b} - zero_b), scale.multiplier, scale.shift);
    return static_cast<T>(clamp(wrapping_add(scaled, zero_output), low, high));
  }
};
using MulInt8 = MulOf<int8_t>;
using MulInt16 = MulOf<int16_t>;

template <class T>
Status binary_setup(const MulAttributes& attributes, const TensorInfo& a, const TensorInfo& b, const TensorInfo& output,
                    MulOf<T>& p) {
  if (!is_clamping(attributes.activation)) return Status::unsupported_option;
  if (!multiplier_per_channel(float_bits_at(a.quantization.scales), float_bits_at(b.quantization.scales),
                              float_bits_at(output.quantization.scales), p.scale))
    return Status::bad_quantization;
  const StoredRange<T> range = stored_activation_range<T>(attributes.activation, output);
  p.zero_a = static_cast<int16_t>(a.quantization.zero_point);
  p.zero_b = static_cast<int16_t>(b.quantization.zero_point);
  p.zero_output = static_cast<int16_t>(output.quantization.zero_point);
  p.low = range.low;
  p.high = range.high;
  const bool zero = (p.zero_a | p.zero_b | p.zero_output) == 0;
  return sizeof(T) == 1 || zero ? Status::ok : Status::bad_quantization;
}

struct MulFloat32 {
  using Stored = float;
  int32_t groups;
  float low, high;

  float operator()(float a, float b) const {
    const float y = a * b;
    return y < low ? low : y > high ? high : y;
  }
};

inline Status binary_setup(const MulAttributes& attributes, const TensorInfo&, const TensorInfo&, const TensorInfo&,
                           MulFloat32& p) {
  if (!is_clamping(attributes.activation)) return Status::unsupported_option;
  const FloatRange range = float_activation_range(attributes.activation);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

inline int32_t wrapping_mul(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
}
using MulInt32 = BinaryInt32<wrapping_mul>;

constexpr Kernel mul_int8 = binary_kernel<MulAttributes, MulInt8>(kMulCode);
constexpr Kernel mul_int16 = binary_kernel<MulAttributes, MulInt16>(kMulCode);
constexpr Kernel mul_int32 = binary_kernel<MulAttributes, MulInt32>(kMulCode);
constexpr Kernel mul_float32 = binary_kernel<MulAttributes, MulFloat32>(kMulCode);

}  // namespace mote
