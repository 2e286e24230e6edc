// Logistic: output = 1 / (1 + exp(-input)), any shape.
//
// int8: output scale 1/256, zero point -128. The input is brought to Q4.27, the function is gemmlowp's in fixed point
// (device/fixed_point.h), its Q0.31 is rounded to 1/256; beyond +-15 the output saturates. Source: TFLite
// kernels/internal/reference/integer_ops/logistic.h, micro/kernels/logistic_common.cc.
#pragma once
#include "device/fixed_point.h"
#include "device/float_math.h"
#include "device/sigmoid_table.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kLogisticCode = 14;

struct LogisticAttributes {};

template <class V>
void visit(V&, LogisticAttributes&) {}

// An int8 input on its way to Q4.27; also of tanh.
struct Q4Input {
  Multiplier multiplier;
  int32_t zero_point;
  int32_t radius;  // inputs so far from the zero point saturate: 15 in units of the scale
};

// False: a scale below 2^-27.
inline bool q4_input_setup(const TensorInfo& input, Q4Input& q) {
  Real real = real_from_float_bits(float_bits_at(input.quantization.scales));
  real.exponent += 27;
  const bool fits = quantize_multiplier(real, q.multiplier);
  if (q.multiplier.shift < 0) return false;
  q.zero_point = input.quantization.zero_point;
  q.radius = fits ? (int32_t{15} << 27) >> q.multiplier.shift : 0;
  return true;
}

struct LogisticInt8 {
  using Stored = int8_t;
  static constexpr int32_t kTabulateAbove = kTableEntries;
  int32_t count;
  Q4Input input;

  int8_t operator()(int8_t stored) const {
    const int32_t x = stored - input.zero_point;
    if (x <= -input.radius) return -128;
    if (x >= input.radius) return 127;
    const int32_t y = logistic_q4(requantize(x, input.multiplier.multiplier, input.multiplier.shift));
    return static_cast<int8_t>(clamp(rounding_divide_by_power_of_two(y, 23) - 128, -128, 127));
  }
};

inline Status unary_setup(const LogisticAttributes&, const TensorInfo& input, const TensorInfo& output,
                          LogisticInt8& p) {
  constexpr uint32_t kScale = 0x3B800000u;  // 1/256
  if (float_bits_at(output.quantization.scales) != kScale || output.quantization.zero_point != -128 ||
      !q4_input_setup(input, p.input))
    return Status::bad_quantization;
  return Status::ok;
}

// int16: output scale 1/32768; one table with interpolation (device/sigmoid_table.h).
struct LogisticInt16 {
  using Stored = int16_t;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;
  SigmoidInput input;

  int16_t operator()(int16_t x) const { return logistic_q15(input.three_x(x)); }
};

inline Status unary_setup(const LogisticAttributes&, const TensorInfo& input, const TensorInfo& output,
                          LogisticInt16& p) {
  return sigmoid_input_setup(input, output, 0, p.input) ? Status::ok : Status::bad_quantization;
}

struct LogisticFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return logistic_float(x); }
};

inline Status unary_setup(const LogisticAttributes&, const TensorInfo&, const TensorInfo&, LogisticFloat32&) {
  return Status::ok;
}

constexpr Kernel logistic_int8 = unary_kernel<LogisticAttributes, LogisticInt8>(kLogisticCode);
constexpr Kernel logistic_int16 = unary_kernel<LogisticAttributes, LogisticInt16>(kLogisticCode);
constexpr Kernel logistic_float32 = unary_kernel<LogisticAttributes, LogisticFloat32>(kLogisticCode);

}  // namespace mote
