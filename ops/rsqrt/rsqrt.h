// Reciprocal square root, any shape: output = 1 / sqrt(input).
//
// int8: 1 / sqrt of the distance from the zero point, by Newton's method in fixed point, then scaled by
// 1 / (sqrt(input scale) * output scale). Zero gives the greatest output, and so do inputs below zero, which TFLite
// refuses while it runs. Source: TFLite micro/kernels/elementwise.cc (RsqrtEvalQuantized).
#pragma once
#include "device/fixed_point.h"
#include "device/float_math.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kRsqrtCode = 76;

struct RsqrtAttributes {};

template <class V>
void visit(V&, RsqrtAttributes&) {}

struct RsqrtInt8 {
  using Stored = int8_t;
  static constexpr int32_t kTabulateAbove = kTableEntries;
  static constexpr int32_t kFractionBits = 20;  // of the reciprocal root before it is scaled
  int32_t count;
  Multiplier scale;
  int32_t input_zero_point, output_zero_point;

  int8_t operator()(int8_t stored) const {
    const int32_t x = stored - input_zero_point;
    if (x <= 0) return 127;
    const Multiplier root = inverse_square_root(x);
    const int32_t y = requantize(1, root.multiplier, root.shift + kFractionBits);
    const int32_t scaled = requantize(y, scale.multiplier, scale.shift - kFractionBits);
    return static_cast<int8_t>(clamp(wrapping_add(scaled, output_zero_point), -128, 127));
  }
};

// The scale is 1 / double(float(sqrt(input scale) * output scale)).
inline Status unary_setup(const RsqrtAttributes&, const TensorInfo& input, const TensorInfo& output, RsqrtInt8& p) {
  const Real root = square_root_of_float(real_from_float_bits(float_bits_at(input.quantization.scales)));
  const Real out = real_from_float_bits(float_bits_at(output.quantization.scales));
  const Real product = round_real(multiply(root, out), false, kFloat);
  if (product.mantissa == 0 || !multiplier_of_quotient(Real{1, 0}, product, p.scale) ||
      p.scale.shift - RsqrtInt8::kFractionBits < -31)
    return Status::bad_quantization;
  p.input_zero_point = input.quantization.zero_point;
  p.output_zero_point = output.quantization.zero_point;
  return Status::ok;
}

struct RsqrtFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return 1.0f / sqrt_float(x); }
};

inline Status unary_setup(const RsqrtAttributes&, const TensorInfo&, const TensorInfo&, RsqrtFloat32&) {
  return Status::ok;
}

constexpr Kernel rsqrt_int8 = unary_kernel<RsqrtAttributes, RsqrtInt8>(kRsqrtCode);
constexpr Kernel rsqrt_float32 = unary_kernel<RsqrtAttributes, RsqrtFloat32>(kRsqrtCode);

}  // namespace mote
