// Leaky ReLU: output = input where input > 0, else alpha * input; any shape.
//
// Integers: each side of zero requantized with its own multiplier. Source: TFLite
// kernels/internal/reference/leaky_relu.h (QuantizeLeakyRelu); scales as in micro/kernels/leaky_relu_common.cc.
#pragma once
#include "device/requantize.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kLeakyReluCode = 98;

struct LeakyReluAttributes {
  float alpha = 0;
};

template <class V>
void visit(V& v, LeakyReluAttributes& a) {
  v.field(0, "alpha", a.alpha);
}

template <class T>
struct LeakyReluOf {
  using Stored = T;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;
  Multiplier positive, negative;
  int32_t sign;  // of alpha
  int32_t input_zero_point, output_zero_point;

  T operator()(T stored) const {
    const int32_t x = stored - input_zero_point;
    const int32_t scaled = x >= 0 ? requantize(x, positive.multiplier, positive.shift)
                                  : sign * requantize(x, negative.multiplier, negative.shift);
    return static_cast<T>(clamp(wrapping_add(scaled, output_zero_point), StoredAs<T>::kLow, StoredAs<T>::kHigh));
  }
};
using LeakyReluInt8 = LeakyReluOf<int8_t>;
using LeakyReluInt16 = LeakyReluOf<int16_t>;

constexpr uint32_t kSignBit = 0x80000000u;

inline bool is_finite(float x) {
  return (float_bits(x) & ~kSignBit) < 0x7F800000u;
}

template <class T>
Status unary_setup(const LeakyReluAttributes& a, const TensorInfo& input, const TensorInfo& output,
                   LeakyReluOf<T>& p) {
  if (!is_finite(a.alpha)) return Status::unsupported_option;
  const uint32_t in = float_bits_at(input.quantization.scales), out = float_bits_at(output.quantization.scales);
  const uint32_t size = float_bits(a.alpha) & ~kSignBit;
  if (!multiplier_of_ratio(in, out, p.positive) || !multiplier_per_channel(in, size, out, p.negative))
    return Status::bad_quantization;
  p.sign = a.alpha < 0 ? -1 : 1;
  p.input_zero_point = input.quantization.zero_point;
  p.output_zero_point = output.quantization.zero_point;
  return Status::ok;
}

struct LeakyReluFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;
  float alpha;

  float operator()(float x) const { return x > 0 ? x : x * alpha; }
};

inline Status unary_setup(const LeakyReluAttributes& a, const TensorInfo&, const TensorInfo&, LeakyReluFloat32& p) {
  p.alpha = a.alpha;
  return is_finite(a.alpha) ? Status::ok : Status::unsupported_option;
}

constexpr Kernel leaky_relu_int8 = unary_kernel<LeakyReluAttributes, LeakyReluInt8>(kLeakyReluCode);
constexpr Kernel leaky_relu_int16 = unary_kernel<LeakyReluAttributes, LeakyReluInt16>(kLeakyReluCode);
constexpr Kernel leaky_relu_float32 = unary_kernel<LeakyReluAttributes, LeakyReluFloat32>(kLeakyReluCode);

}  // namespace mote
