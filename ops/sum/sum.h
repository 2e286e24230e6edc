// Sum over a set of dimensions.
//
// int8: the int32 sum of the stored values less the zero points, requantized. Source: TFLite
// kernels/internal/reference/reduce.h (QuantizedMeanOrSum), micro/kernels/reduce_common.cc.
#pragma once
#include "device/reduce.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kSumCode = 74;

struct SumInt8 {
  using Stored = int8_t;
  Reduction reduction;
  Multiplier scale;
  int32_t input_zero_points;  // as many as are added
  int32_t output_zero_point;

  int8_t operator()(const int8_t* first) const {
    const int32_t sum = fold(reduction.reduced, first, int32_t{0}, [](int32_t total, int8_t x) { return total + x; });
    const int32_t scaled = requantize(wrapping_add(sum, -input_zero_points), scale.multiplier, scale.shift);
    return static_cast<int8_t>(clamp(wrapping_add(scaled, output_zero_point), -128, 127));
  }
};

// 2^24 elements of 8 bits cannot leave int32.
inline Status reduce_setup(const TensorInfo& input, const TensorInfo& output, SumInt8& p) {
  if (p.reduction.reduced.elements() > int32_t{1} << 24) return Status::unsupported_shape;
  p.input_zero_points = input.quantization.zero_point * p.reduction.reduced.elements();
  p.output_zero_point = output.quantization.zero_point;
  return multiplier_of_ratio(float_bits_at(input.quantization.scales), float_bits_at(output.quantization.scales),
                             p.scale)
             ? Status::ok
             : Status::bad_quantization;
}

struct SumFloat32 {
  using Stored = float;
  Reduction reduction;

  float operator()(const float* first) const {
    return fold(reduction.reduced, first, 0.0f, [](float total, float x) { return total + x; });
  }
};

inline Status reduce_setup(const TensorInfo&, const TensorInfo&, SumFloat32&) {
  return Status::ok;
}

constexpr Kernel sum_int8 = reduce_kernel<SumInt8>(kSumCode);
constexpr Kernel sum_float32 = reduce_kernel<SumFloat32>(kSumCode);

}  // namespace mote
