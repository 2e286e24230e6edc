// Absolute value, any shape.
//
// int8: the distance from the zero point, requantized. Source: TFLite micro/kernels/elementwise.cc (AbsEvalQuantized).
#pragma once
#include "device/requantize.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kAbsCode = 101;

struct AbsAttributes {};

template <class V>
void visit(V&, AbsAttributes&) {}

struct AbsInt8 {
  using Stored = int8_t;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;
  Multiplier scale;
  int32_t input_zero_point, output_zero_point;

  int8_t operator()(int8_t stored) const {
    const int32_t x = stored - input_zero_point;
    const int32_t scaled = requantize(x < 0 ? -x : x, scale.multiplier, scale.shift);
    return static_cast<int8_t>(clamp(wrapping_add(scaled, output_zero_point), -128, 127));
  }
};

inline Status unary_setup(const AbsAttributes&, const TensorInfo& input, const TensorInfo& output, AbsInt8& p) {
  p.input_zero_point = input.quantization.zero_point;
  p.output_zero_point = output.quantization.zero_point;
  return multiplier_of_ratio(float_bits_at(input.quantization.scales), float_bits_at(output.quantization.scales),
                             p.scale)
             ? Status::ok
             : Status::bad_quantization;
}

struct AbsFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return x < 0 ? -x : x; }
};

inline Status unary_setup(const AbsAttributes&, const TensorInfo&, const TensorInfo&, AbsFloat32&) {
  return Status::ok;
}

constexpr Kernel abs_int8 = unary_kernel<AbsAttributes, AbsInt8>(kAbsCode);
constexpr Kernel abs_float32 = unary_kernel<AbsAttributes, AbsFloat32>(kAbsCode);

}  // namespace mote
