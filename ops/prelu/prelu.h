// PReLU: output = input where input >= 0, else alpha * input; alpha, the second input, broadcasts.
//
// int8: each side of zero requantized with its own multiplier. Source: TFLite kernels/internal/reference/prelu.h,
// scales as in micro/kernels/prelu_common.cc.
#pragma once
#include "device/broadcast.h"
#include "device/requantize.h"

namespace mote {

constexpr int32_t kPreluCode = 54;

struct PreluAttributes {};

template <class V>
void visit(V&, PreluAttributes&) {}

struct PreluInt8 {
  using Stored = int8_t;
  int32_t groups;
  Multiplier positive, negative;
  int16_t zero_input, zero_alpha;
  int32_t zero_output;

  int8_t operator()(int8_t stored, int8_t alpha) const {
    const int32_t x = stored - zero_input;
    const int32_t scaled = x >= 0 ? requantize(x, positive.multiplier, positive.shift)
                                  : requantize(x * (alpha - zero_alpha), negative.multiplier, negative.shift);
    return static_cast<int8_t>(clamp(wrapping_add(scaled, zero_output), -128, 127));
  }
};

inline Status binary_setup(const PreluAttributes&, const TensorInfo& input, const TensorInfo& alpha,
                           const TensorInfo& output, PreluInt8& p) {
  const uint32_t in = float_bits_at(input.quantization.scales), out = float_bits_at(output.quantization.scales);
  if (!multiplier_of_ratio(in, out, p.positive) ||
      !multiplier_per_channel(in, float_bits_at(alpha.quantization.scales), out, p.negative))
    return Status::bad_quantization;
  p.zero_input = static_cast<int16_t>(input.quantization.zero_point);
  p.zero_alpha = static_cast<int16_t>(alpha.quantization.zero_point);
  p.zero_output = output.quantization.zero_point;
  return Status::ok;
}

struct PreluFloat32 {
  using Stored = float;
  int32_t groups;

  float operator()(float x, float alpha) const { return x >= 0 ? x : x * alpha; }
};

inline Status binary_setup(const PreluAttributes&, const TensorInfo&, const TensorInfo&, const TensorInfo&,
                           PreluFloat32&) {
  return Status::ok;
}

constexpr Kernel prelu_int8 = binary_kernel<PreluAttributes, PreluInt8>(kPreluCode);
constexpr Kernel prelu_float32 = binary_kernel<PreluAttributes, PreluFloat32>(kPreluCode);

}  // namespace mote
