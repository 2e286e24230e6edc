// int8 sum and difference: both inputs are brought to twice the larger of their scales with 20 bits below the point,
// added or subtracted there, and brought to the output's scale.
//
// Source: TFLite kernels/internal/reference/add.h (AddElementwise), reference/sub.h (SubElementwise); scales as in
// micro/kernels/add_common.cc and sub_common.cc, in double.
#pragma once
#include "device/activation.h"
#include "device/requantize.h"
#include "device/status.h"

namespace mote {

constexpr int32_t kScaledSumShift = 20;

struct ScaledSum {
  Multiplier a, b, output;
  int16_t zero_a, zero_b, zero_output;
  int8_t low, high;  // activation range
};

// REQUIRES: sign 1 (sum) or -1 (difference).
inline int8_t scaled_sum(const ScaledSum& p, int8_t a, int8_t b, int32_t sign) {
  const int32_t x = requantize((int32_t{a} - p.zero_a) * (int32_t{1} << kScaledSumShift), p.a.multiplier, p.a.shift);
  const int32_t y = requantize((int32_t{b} - p.zero_b) * (int32_t{1} << kScaledSumShift), p.b.multiplier, p.b.shift);
  const int32_t sum = requantize(x + sign * y, p.output.multiplier, p.output.shift);
  return static_cast<int8_t>(clamp(wrapping_add(sum, p.zero_output), p.low, p.high));
}

// REQUIRES: is_per_tensor() of all three, type int8.
inline Status scaled_sum_setup(Activation activation, const TensorInfo& a, const TensorInfo& b,
                               const TensorInfo& output, ScaledSum& p) {
  if (!is_clamping(activation)) return Status::unsupported_option;
  const uint32_t scale_a = float_bits_at(a.quantization.scales), scale_b = float_bits_at(b.quantization.scales);
  // Positive floats are ordered as their bits are. Twice and 2^20 times are exact, up to infinity.
  Real twice = real_from_float_bits(scale_a > scale_b ? scale_a : scale_b);
  Real out = real_from_float_bits(float_bits_at(output.quantization.scales));
  ++twice.exponent;
  out.exponent += kScaledSumShift;
  if (!multiplier_of_quotient(real_from_float_bits(scale_a), twice, p.a) ||
      !multiplier_of_quotient(real_from_float_bits(scale_b), twice, p.b) ||
      !multiplier_of_quotient(twice, out, p.output) || p.output.shift > 0)
    return Status::bad_quantization;
  const Int8Range range = int8_activation_range(activation, output);
  p.zero_a = static_cast<int16_t>(a.quantization.zero_point);
  p.zero_b = static_cast<int16_t>(b.quantization.zero_point);
  p.zero_output = static_cast<int16_t>(output.quantization.zero_point);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

}  // namespace mote
