// The output range of an operator with a fused activation.
#pragma once
#include "device/requantize.h"
#include "device/stored_as.h"
#include "device/tensor_view.h"

namespace mote {

constexpr bool is_clamping(Activation activation) {
  return activation == Activation::none || activation == Activation::relu || activation == Activation::relu_n1_to_1 ||
         activation == Activation::relu6;
}

template <class T>
struct StoredRange {
  T low = StoredAs<T>::kLow;
  T high = StoredAs<T>::kHigh;
};
using Int8Range = StoredRange<int8_t>;

// The stored values that the activation lets through (CalculateActivationRangeQuantized in TFLite's
// kernels/kernel_util.cc). REQUIRES: is_clamping(activation), is_per_tensor(output) with the type of T.
template <class T>
StoredRange<T> stored_activation_range(Activation activation, const TensorInfo& output) {
  constexpr int32_t kLow = StoredAs<T>::kLow, kHigh = StoredAs<T>::kHigh;
  const int32_t zero = output.quantization.zero_point;
  const uint32_t scale = float_bits_at(output.quantization.scales);
  int32_t low = kLow, high = kHigh;
  if (activation == Activation::relu || activation == Activation::relu6) low = zero;
  if (activation == Activation::relu6) high = zero + steps_of(0x40C00000u, scale);  // 6.0f
  if (activation == Activation::relu_n1_to_1) {
    const int32_t one = steps_of(0x3F800000u, scale);
    low = zero - one;
    high = zero + one;
  }
  StoredRange<T> range;
  range.low = static_cast<T>(clamp(low, kLow, kHigh));
  range.high = static_cast<T>(clamp(high, kLow, kHigh));
  return range;
}
inline Int8Range int8_activation_range(Activation activation, const TensorInfo& output) {
  return stored_activation_range<int8_t>(activation, output);
}

struct FloatRange {
  float low;
  float high;
};

// REQUIRES: is_clamping(activation).
constexpr FloatRange float_activation_range(Activation activation) {
  return activation == Activation::relu           ? FloatRange{0.0f, __builtin_inff()}
         : activation == Activation::relu6        ? FloatRange{0.0f, 6.0f}
         : activation == Activation::relu_n1_to_1 ? FloatRange{-1.0f, 1.0f}
                                                  : FloatRange{-__builtin_inff(), __builtin_inff()};
}

}  // namespace mote
