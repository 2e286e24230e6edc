// ELU: output = input where input >= 0, else exp(input) - 1; any shape.
//
// int8: what TFLite computes in float for each of the 256 inputs (micro/kernels/elu.cc), here in integers rounded at
// the same places: dequantize, exp, minus 1, times 1 / output scale, each rounded to a float; then to the nearest step.
// exp has an error below 2^-30 before it is rounded to 24 bits. Always looked up.
#pragma once
#include "device/float_math.h"
#include "device/requantize.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kEluCode = 111;

struct EluAttributes {};

template <class V>
void visit(V&, EluAttributes&) {}

// e^-x, x >= 0, with an error below 2^-30 of the result. x = n ln 2 + r, in 56 fractional bits; e^-r by Horner's scheme
// of its series in 32 fractional bits.
inline Real exp_of_minus(Real x) {
  constexpr uint64_t kLn2 = 0xB17217F7D1CF7A;
  if (x.mantissa == 0) return Real{1, 0};
  if (bit_length(x.mantissa) + x.exponent > 7) return Real{0, 0};
  const int32_t shift = x.exponent + 56;
  uint64_t r = shift >= 0 ? x.mantissa << shift : shift > -64 ? x.mantissa >> -shift : 0;
  int32_t n = 0;
  for (int32_t bit = 7; bit >= 0; --bit)
    if (r >= kLn2 << bit) {
      r -= kLn2 << bit;
      n += 1 << bit;
    }
  const uint64_t r32 = r >> 24, one = uint64_t{1} << 32;
  uint64_t p = one;
  for (uint32_t k = 14; k > 0; --k) p = one - static_cast<uint32_t>(p * r32 >> 32) / k;
  return Real{p, -32 - n};
}

// 1 - e, e in [0, 1], rounded to a float. REQUIRES: e rounded to kFloat.
inline Real one_minus(Real e) {
  const int32_t shift = e.exponent + 56;
  const uint64_t stored = shift >= 0 ? e.mantissa << shift : shift > -64 ? e.mantissa >> -shift : 0;
  return round_real(Real{(uint64_t{1} << 56) - stored, -56}, false, kFloat);
}

struct EluInt8 {
  using Stored = int8_t;
  static constexpr int32_t kTabulateAbove = 0;
  int32_t count;
  uint32_t input_scale, inverse_output_scale;  // bits of floats
  int32_t input_zero_point, output_zero_point;

  int8_t operator()(int8_t stored) const {
    const int32_t steps = stored - input_zero_point;
    const Real distance = {static_cast<uint64_t>(steps < 0 ? -steps : steps), 0};
    const Real x = round_real(multiply(real_from_float_bits(input_scale), distance), false, kFloat);
    const Real y = steps >= 0 ? x : one_minus(round_real(exp_of_minus(x), false, kFloat));
    const int32_t rounded =
        round_to_integer(round_real(multiply(y, real_from_float_bits(inverse_output_scale)), false, kFloat));
    return static_cast<int8_t>(clamp((steps < 0 ? -rounded : rounded) + output_zero_point, -128, 127));
  }
};

inline Status unary_setup(const EluAttributes&, const TensorInfo& input, const TensorInfo& output, EluInt8& p) {
  const Real inverse = divide(Real{1, 0}, real_from_float_bits(float_bits_at(output.quantization.scales)), kFloat);
  if (bit_length(inverse.mantissa) + inverse.exponent > 128) return Status::bad_quantization;
  p.input_scale = float_bits_at(input.quantization.scales);
  p.inverse_output_scale = float_bits_of(inverse);
  p.input_zero_point = input.quantization.zero_point;
  p.output_zero_point = output.quantization.zero_point;
  return Status::ok;
}

struct EluFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return x < 0 ? expm1_float(x) : x; }
};

inline Status unary_setup(const EluAttributes&, const TensorInfo&, const TensorInfo&, EluFloat32&) {
  return Status::ok;
}

constexpr Kernel elu_int8 = unary_kernel<EluAttributes, EluInt8>(kEluCode);
constexpr Kernel elu_float32 = unary_kernel<EluAttributes, EluFloat32>(kEluCode);

}  // namespace mote
