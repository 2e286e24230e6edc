// What the layers of int16 activations and int8 weights ("16x8" quantization) do with a sum of products; their zero
// points are 0. With an int64 bias, or none, sums have 64 bits and are requantized by requantize_wide(); with an int32
// bias they wrap at 32 bits, as int8's do. Source: TFLite micro/kernels/conv.cc, fully_connected.cc.
#pragma once
#include "device/convolution.h"

namespace mote {

struct Int16Output {
  int16_t low, high;  // activation range
  bool wide;          // 64 bits

  // `bias`: int64_t where wide, else int32_t; at any address; nullptr = none.
  int16_t operator()(int64_t sum, const void* bias, int32_t channel, int32_t multiplier, int32_t shift) const {
    if (wide) {
      int64_t start = 0;
      if (bias != nullptr) __builtin_memcpy(&start, static_cast<const uint8_t*>(bias) + 8 * channel, sizeof start);
      const auto total = static_cast<int64_t>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(start));
      return clamped(requantize_wide(total, multiplier, shift));
    }
    const int32_t start = static_cast<const int32_t*>(bias)[channel];
    const int32_t total = wrapping_add(static_cast<int32_t>(static_cast<uint32_t>(sum)), start);
    return clamped(requantize(total, multiplier, shift));
  }
  int16_t clamped(int32_t value) const { return static_cast<int16_t>(clamp(value, low, high)); }
};

// REQUIRES: tensors.check_int16() gave ok.
inline Int16Output int16_output(Activation activation, const ConvolutionTensors& tensors) {
  const StoredRange<int16_t> range = stored_activation_range<int16_t>(activation, tensors.output);
  return Int16Output{range.low, range.high, !tensors.has_bias || tensors.bias.type == DType::int64};
}

}  // namespace mote
