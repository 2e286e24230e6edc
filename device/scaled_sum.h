// Integer sum and difference: both inputs are brought to twice the larger of their scales with 20 bits below the point
// (int16: 15), added or subtracted there, and brought to the output's scale.
//
// Source: TFLite kernels/internal/reference/add.h (AddElementwise), reference/sub.h (SubElementwise); scales as in
// micro/kernels/add_common.cc and sub_common.cc, in double.
#pragma once
#include "device/activation.h"
#include "device/requantize.h"
#include "device/status.h"

namespace mote {

constexpr int32_t kScaledSumShift = 20, kScaledSumShiftInt16 = 15;

template <class T>
struct ScaledSumOf {
  static constexpr int32_t kShift = sizeof(T) == 1 ? kScaledSumShift : kScaledSumShiftInt16;
  Multiplier a, b, output;
  int16_t zero_a, zero_b, zero_output;
  T low, high;  // activation range
};
using ScaledSum = ScaledSumOf<int8_t>;

// REQUIRES: sign 1 (sum) or -1 (difference).
template <class T>
T scaled_sum(const ScaledSumOf<T>& p, T a, T b, int32_t sign) {
  constexpr int32_t kOne = int32_t{1} << ScaledSumOf<T>::kShift;
  const int32_t x = requantize((int32_t{a} - p.zero_a) * kOne, p.a.multiplier, p.a.shift);
  const int32_t y = requantize((int32_t{b} - p.zero_b) * kOne, p.b.multiplier, p.b.shift);
  const int32_t sum = requantize(x + sign * y, p.output.multiplier, p.output.shift);
  return static_cast<T>(clamp(wrapping_add(sum, p.zero_output), p.low, p.high));
}

// REQUIRES: is_per_tensor() of all three, of the type of T.
template <class T>
Status scaled_sum_setup(Activation activation, const TensorInfo& a, const TensorInfo& b, const TensorInfo& output,
                        ScaledSumOf<T>& p) {
  if (!is_clamping(activation)) return Status::unsupported_option;
  const uint32_t scale_a = float_bits_at(a.quantization.scales), scale_b = float_bits_at(b.quantization.scales);
  // Positive floats are ordered as their bits are. Twice and 2^kShift times are exact, up to infinity.
  Real twice = real_from_float_bits(scale_a > scale_b ? scale_a : scale_b);
  Real out = real_from_float_bits(float_bits_at(output.quantization.scales));
  ++twice.exponent;
  out.exponent += ScaledSumOf<T>::kShift;
  if (!multiplier_of_quotient(real_from_float_bits(scale_a), twice, p.a) ||
      !multiplier_of_quotient(real_from_float_bits(scale_b), twice, p.b) ||
      !multiplier_of_quotient(twice, out, p.output) || p.output.shift > 0)
    return Status::bad_quantization;
  const StoredRange<T> range = stored_activation_range<T>(activation, output);
  p.zero_a = static_cast<int16_t>(a.quantization.zero_point);
  p.zero_b = static_cast<int16_t>(b.quantization.zero_point);
  p.zero_output = static_cast<int16_t>(output.quantization.zero_point);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

}  // namespace mote
