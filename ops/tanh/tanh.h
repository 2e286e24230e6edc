// Hyperbolic tangent, any shape.
//
// int8: output scale 1/128, zero point 0. As logistic: Q4.27, gemmlowp's function, rounded to 1/128. Source: TFLite
// kernels/internal/reference/integer_ops/tanh.h, micro/kernels/tanh.cc.
#pragma once
#include "device/fixed_point.h"
#include "device/float_math.h"
#include "device/sigmoid_table.h"
#include "device/unary.h"
#include "ops/logistic/logistic.h"

namespace mote {

constexpr int32_t kTanhCode = 28;

struct TanhAttributes {};

template <class V>
void visit(V&, TanhAttributes&) {}

struct TanhInt8 {
  using Stored = int8_t;
  static constexpr int32_t kTabulateAbove = kTableEntries;
  int32_t count;
  Q4Input input;

  int8_t operator()(int8_t stored) const {
    const int32_t x = stored - input.zero_point;
    if (x <= -input.radius) return -128;
    if (x >= input.radius) return 127;
    const int32_t y = tanh_q4(requantize(x, input.multiplier.multiplier, input.multiplier.shift));
    return static_cast<int8_t>(clamp(rounding_divide_by_power_of_two(y, 24), -128, 127));
  }
};

inline Status unary_setup(const TanhAttributes&, const TensorInfo& input, const TensorInfo& output, TanhInt8& p) {
  constexpr uint32_t kScale = 0x3C000000u;  // 1/128
  if (float_bits_at(output.quantization.scales) != kScale || output.quantization.zero_point != 0 ||
      !q4_input_setup(input, p.input))
    return Status::bad_quantization;
  return Status::ok;
}

// int16: output scale 1/32768; one table with interpolation (device/sigmoid_table.h).
struct TanhInt16 {
  using Stored = int16_t;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;
  SigmoidInput input;

  int16_t operator()(int16_t x) const { return tanh_q15(input.three_x(x)); }
};

inline Status unary_setup(const TanhAttributes&, const TensorInfo& input, const TensorInfo& output, TanhInt16& p) {
  return sigmoid_input_setup(input, output, 1, p.input) ? Status::ok : Status::bad_quantization;
}

struct TanhFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return tanh_float(x); }
};

inline Status unary_setup(const TanhAttributes&, const TensorInfo&, const TensorInfo&, TanhFloat32&) {
  return Status::ok;
}

constexpr Kernel tanh_int8 = unary_kernel<TanhAttributes, TanhInt8>(kTanhCode);
constexpr Kernel tanh_int16 = unary_kernel<TanhAttributes, TanhInt16>(kTanhCode);
constexpr Kernel tanh_float32 = unary_kernel<TanhAttributes, TanhFloat32>(kTanhCode);

}  // namespace mote
