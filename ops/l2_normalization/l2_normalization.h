// L2 normalization over the last dimension: output = input / max(sqrt(sum of squares), 1e-6).
//
// int8: output scale 1/128, zero point 0; the reciprocal root by Newton's method in fixed point
// (device/fixed_point.h). Source: TFLite kernels/internal/reference/integer_ops/l2normalization.h,
// micro/kernels/l2norm.cc.
#pragma once
#include "device/fixed_point.h"
#include "device/float_math.h"
#include "device/rows.h"

namespace mote {

constexpr int32_t kL2NormalizationCode = 11;

struct L2NormalizationAttributes {
  Activation activation = Activation::none;  // no other is defined
};

template <class V>
void visit(V& v, L2NormalizationAttributes& a) {
  v.field(0, "fused_activation_function", a.activation);
}

struct L2NormalizationInt8 {
  using Stored = int8_t;
  int32_t rows, depth;
  int32_t input_zero_point;

  void row(const int8_t* input, int8_t* output) const {
    constexpr int32_t kOutputBits = 7;
    int32_t squares = 0;
    for (int32_t i = 0; i < depth; ++i) squares += (input[i] - input_zero_point) * (input[i] - input_zero_point);
    const Multiplier root = inverse_square_root(squares);
    for (int32_t i = 0; i < depth; ++i) {
      const int32_t y = requantize(input[i] - input_zero_point, root.multiplier, root.shift + kOutputBits);
      output[i] = static_cast<int8_t>(clamp(y, -128, 127));
    }
  }
};

struct L2NormalizationFloat32 {
  using Stored = float;
  int32_t rows, depth;

  void row(const float* input, float* output) const {
    float squares = 0;
    for (int32_t i = 0; i < depth; ++i) squares += input[i] * input[i];
    const float norm = sqrt_float(squares), divisor = norm < 1e-6f ? 1e-6f : norm;
    for (int32_t i = 0; i < depth; ++i) output[i] = input[i] / divisor;
  }
};

// 2^15 squares of at most 255^2 fit in int32.
inline Status rows_setup(const L2NormalizationAttributes& a, const TensorInfo& input, const TensorInfo& output,
                         L2NormalizationInt8& p) {
  constexpr uint32_t kScale = 0x3C000000u;  // 1/128
  if (a.activation != Activation::none) return Status::unsupported_option;
  if (p.depth > int32_t{1} << 15) return Status::unsupported_shape;
  if (float_bits_at(output.quantization.scales) != kScale || output.quantization.zero_point != 0)
    return Status::bad_quantization;
  p.input_zero_point = input.quantization.zero_point;
  return Status::ok;
}

inline Status rows_setup(const L2NormalizationAttributes& a, const TensorInfo&, const TensorInfo&,
                         L2NormalizationFloat32&) {
  return a.activation == Activation::none ? Status::ok : Status::unsupported_option;
}

constexpr Kernel l2_normalization_int8 =
    rows_kernel<L2NormalizationAttributes, L2NormalizationInt8>(kL2NormalizationCode);
constexpr Kernel l2_normalization_float32 =
    rows_kernel<L2NormalizationAttributes, L2NormalizationFloat32>(kL2NormalizationCode);

}  // namespace mote
