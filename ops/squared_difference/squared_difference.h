// Square of the difference; shapes broadcast.
//
// int8: both inputs, 7 bits up, to twice the larger scale; the square of their difference to the output's. Source:
// TFLite micro/kernels/squared_difference.cc.
#pragma once
#include "device/broadcast.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kSquaredDifferenceCode = 99;

struct SquaredDifferenceAttributes {};

template <class V>
void visit(V&, SquaredDifferenceAttributes&) {}

struct SquaredDifferenceInt8 {
  using Stored = int8_t;
  static constexpr int32_t kShift = 7;
  int32_t groups;
  Multiplier a, b, output;
  int16_t zero_a, zero_b, zero_output;

  int8_t operator()(int8_t x, int8_t y) const {
    const int32_t first = requantize((x - zero_a) * (int32_t{1} << kShift), a.multiplier, a.shift);
    const int32_t second = requantize((y - zero_b) * (int32_t{1} << kShift), b.multiplier, b.shift);
    const int32_t difference = first - second;
    const int32_t scaled = requantize(difference * difference, output.multiplier, output.shift);
    return static_cast<int8_t>(clamp(wrapping_add(scaled, zero_output), -128, 127));
  }
};

inline Status binary_setup(const SquaredDifferenceAttributes&, const TensorInfo& a, const TensorInfo& b,
                           const TensorInfo& output, SquaredDifferenceInt8& p) {
  const uint32_t scale_a = float_bits_at(a.quantization.scales), scale_b = float_bits_at(b.quantization.scales);
  const uint32_t larger = scale_a > scale_b ? scale_a : scale_b;
  Real twice = real_from_float_bits(larger);
  ++twice.exponent;
  // twice * twice / output, in doubles: the product of two floats is exact.
  NormalFloat twice_twice(larger), out(float_bits_at(output.quantization.scales));
  twice_twice.exponent += 2;
  out.exponent += 2 * SquaredDifferenceInt8::kShift;
  if (!multiplier_of_quotient(real_from_float_bits(scale_a), twice, p.a) ||
      !multiplier_of_quotient(real_from_float_bits(scale_b), twice, p.b) ||
      !ChannelMultiplier(twice_twice, out).of(larger, p.output))
    return Status::bad_quantization;
  p.zero_a = static_cast<int16_t>(a.quantization.zero_point);
  p.zero_b = static_cast<int16_t>(b.quantization.zero_point);
  p.zero_output = static_cast<int16_t>(output.quantization.zero_point);
  return Status::ok;
}

struct SquaredDifferenceFloat32 {
  using Stored = float;
  int32_t groups;

  float operator()(float a, float b) const { return (a - b) * (a - b); }
};

inline Status binary_setup(const SquaredDifferenceAttributes&, const TensorInfo&, const TensorInfo&, const TensorInfo&,
                           SquaredDifferenceFloat32&) {
  return Status::ok;
}

constexpr Kernel squared_difference_int8 =
    binary_kernel<SquaredDifferenceAttributes, SquaredDifferenceInt8>(kSquaredDifferenceCode);
constexpr Kernel squared_difference_float32 =
    binary_kernel<SquaredDifferenceAttributes, SquaredDifferenceFloat32>(kSquaredDifferenceCode);

}  // namespace mote
