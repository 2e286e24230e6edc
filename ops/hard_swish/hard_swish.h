// Hard swish: output = input * min(max(input + 3, 0), 6) / 6, any shape.
//
// int8: the input, 7 bits up, is multiplied in 16 bits by the ratio to the output's scale and by a factor in [0, 1]
// that is its own affine image, saturated. Source: TFLite kernels/internal/reference/hard_swish.h, scales as in
// micro/kernels/hard_swish_common.cc.
#pragma once
#include "device/requantize.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kHardSwishCode = 117;

struct HardSwishAttributes {};

template <class V>
void visit(V&, HardSwishAttributes&) {}

constexpr int32_t kQ15Half = 1 << 14;  // of 2^15, which is 1

// round(a * b / 2^15) of two 16-bit numbers, ties away from zero; a and b are never both -2^15.
inline int32_t high_product_q15(int32_t a, int32_t b) {
  const int32_t product = a * b;
  return (product + (product >= 0 ? kQ15Half : 1 - kQ15Half)) / (2 * kQ15Half);
}

inline int32_t saturate_wide_to_int16(int64_t x) {
  return static_cast<int32_t>(x < -32768 ? -32768 : x > 32767 ? 32767 : x);
}

// multiplier / 2^15 * 2^shift, multiplier in [2^14, 2^15).
struct Multiplier16 {
  int32_t multiplier, shift;
};

// The upper half of a 31-bit multiplier, rounded.
inline Multiplier16 upper_half(const Multiplier& m) {
  constexpr int32_t kHalf = 2 * kQ15Half;
  return Multiplier16{m.multiplier >= INT32_MAX - kHalf ? 32767 : (m.multiplier + kHalf) >> 16, m.shift};
}

struct HardSwishInt8 {
  using Stored = int8_t;
  static constexpr int32_t kTabulateAbove = kTableEntries;
  int32_t count;
  Multiplier16 output;  // input / 128 -> output scale; shift <= 0
  Multiplier16 factor;  // input / 128 -> 3 / 2^15
  int32_t input_zero_point, output_zero_point;

  // The input in units of 3 / 2^15, so that 3 is 2^15, saturated. A left shift leaves its last bit, the only one whose
  // saturation counts, for after the multiplication.
  int32_t scaled_to_three(int32_t x) const {
    if (factor.shift > 0) x = saturate_wide_to_int16(int64_t{x} << (factor.shift - 1));
    x = high_product_q15(x, factor.multiplier);
    return factor.shift > 0 ? saturate_wide_to_int16(int64_t{x} * 2)
                            : rounding_divide_by_power_of_two(x, -factor.shift);
  }

  int8_t operator()(int8_t stored) const {
    const int32_t x = (stored - input_zero_point) * 128;
    const int32_t value = high_product_q15(x, output.multiplier);
    const int32_t gate = (scaled_to_three(x) + 2 * kQ15Half) >> 1;  // [0, 1] in 15 bits
    const int32_t product = gate * value / (2 * kQ15Half);          // towards zero
    return static_cast<int8_t>(
        clamp(rounding_divide_by_power_of_two(product, -output.shift) + output_zero_point, -128, 127));
  }
};

inline Status unary_setup(const HardSwishAttributes&, const TensorInfo& input, const TensorInfo& output,
                          HardSwishInt8& p) {
  Real high = real_from_float_bits(float_bits_at(input.quantization.scales));
  high.exponent -= 7;
  high = round_real(high, false, kFloat);
  const Real out = real_from_float_bits(float_bits_at(output.quantization.scales));
  Multiplier to_output = {0, 0}, to_factor = {0, 0};
  if (!quantize_multiplier(divide(high, out, kDouble), to_output) || to_output.shift > 0 || to_output.shift < -15 ||
      !quantize_multiplier(divide(high, Real{3, -15}, kDouble), to_factor) || to_factor.shift < -15)
    return Status::bad_quantization;
  p.output = upper_half(to_output);
  p.factor = upper_half(to_factor);
  p.input_zero_point = input.quantization.zero_point;
  p.output_zero_point = output.quantization.zero_point;
  return Status::ok;
}

struct HardSwishFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const {
    const float gate = x + 3.0f;
    return x * (gate < 0.0f ? 0.0f : gate > 6.0f ? 6.0f : gate) / 6.0f;
  }
};

inline Status unary_setup(const HardSwishAttributes&, const TensorInfo&, const TensorInfo&, HardSwishFloat32&) {
  return Status::ok;
}

constexpr Kernel hard_swish_int8 = unary_kernel<HardSwishAttributes, HardSwishInt8>(kHardSwishCode);
constexpr Kernel hard_swish_float32 = unary_kernel<HardSwishAttributes, HardSwishFloat32>(kHardSwishCode);

}  // namespace mote
