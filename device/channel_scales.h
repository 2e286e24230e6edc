// What convolutions do with a sum of products: one multiplier for each output channel, zero point, activation range.
#pragma once
#include "device/activation.h"
#include "device/kernel.h"
#include "device/requantize.h"

namespace mote {

// Multiplier and shift of each channel, for requantize().
struct ChannelScales {
  const int32_t* multipliers = nullptr;
  const int8_t* shifts = nullptr;

  ChannelScales from(int32_t first) const { return ChannelScales{multipliers + first, shifts + first}; }
};

struct Int8Output {
  int16_t zero_point;
  int8_t low, high;  // activation range

  // A whole range and a shift below 0, as nearly always, need no choices: usual(). A dead channel's shift is 0.
  bool is_whole() const { return low == -128 && high == 127; }

  // REQUIRES: is_whole(), shift < 0, multiplier >= 2^30. To be stored as int8.
  static int32_t usual(int32_t sum, int32_t multiplier, int32_t shift, int32_t zero_point) {
    return saturate_int8(requantize_down(sum, multiplier, shift) + zero_point);
  }
  __attribute__((noinline)) int8_t any(int32_t sum, int32_t multiplier, int32_t shift) const {
    return static_cast<int8_t>(clamp(wrapping_add(requantize(sum, multiplier, shift), zero_point), low, high));
  }
};

// REQUIRES: is_clamping(activation), is_per_tensor(output) with type int8.
inline Int8Output int8_output(Activation activation, const TensorInfo& output) {
  const Int8Range range = int8_activation_range(activation, output);
  return Int8Output{static_cast<int16_t>(output.quantization.zero_point), range.low, range.high};
}

// From which scales the interpreter computes the table anew at each inference, into scratch: about 60 instructions a
// channel, where a table of all layers would cost 5 bytes a channel for good.
struct ScaleSource {
  uint32_t weights;        // position in the file of the scales of the weights
  uint32_t input, output;  // bits of the scales
  int32_t count;           // 1 = one scale for all channels
};

constexpr int32_t channel_scales_bytes(int32_t channels) {
  return (5 * channels + 3) & ~3;
}

// Input, weights, perhaps a bias, and one output: the tensors of a convolution.
struct ConvolutionTensors {
  TensorInfo input, weights, bias, output;
  bool has_bias = false;

  template <class Attributes>
  Status read(const PrepareContext& node, Attributes& attributes) {
    if (node.input_count() > 3 || node.output_count() != 1 || !node.has_input(0) || !node.has_input(1))
      return Status::unsupported_shape;
    if (!node.read(attributes)) return Status::bad_model;
    input = node.input(0);
    weights = node.input(1);
    output = node.output(0);
    has_bias = node.has_input(2);
    if (has_bias) bias = node.input(2);
    return Status::ok;
  }

  Status check_float32() const {
    return has_types(DType::float32, DType::float32) ? Status::ok : Status::unsupported_type;
  }

  // Types and scales. The weights are symmetric and have one scale, or one for each index of dimension `axis`.
  Status check_int8(int32_t axis) const {
    if (!has_types(DType::int8, DType::int32)) return Status::unsupported_type;
    const Quantization& q = weights.quantization;
    if (!is_per_tensor(input) || !is_per_tensor(output) || q.count < 1 || q.zero_point != 0 ||
        (q.count > 1 && (q.axis != axis || q.count != weights.shape[axis])))
      return Status::bad_quantization;
    uint32_t largest = 0;  // bits of floats that are not negative are ordered as the floats are
    for (int32_t i = 0; i < q.count; ++i) {
      const uint32_t scale = float_bits_at(q.scales + i);
      if (scale > largest) largest = scale;
    }
    Multiplier multiplier = {0, 0};
    const bool fits = largest < 0x7F800000u &&  // negative, infinite or NaN; 0 is a dead channel
                      multiplier_per_channel(float_bits_at(input.quantization.scales), largest,
                                             float_bits_at(output.quantization.scales), multiplier);
    return fits ? Status::ok : Status::bad_quantization;
  }

 private:
  bool has_types(DType type, DType bias_type) const {
    return input.type == type && weights.type == type && output.type == type && (!has_bias || bias.type == bias_type);
  }
};

// Fills tables of `channels` entries. `scales`: `count` floats of the weights.
inline void derive_channel_scales(uint32_t input, const float* scales, int32_t count, uint32_t output, int32_t channels,
                                  int32_t* multipliers, int8_t* shifts) {
  Multiplier multiplier = {0, 0};
  for (int32_t c = 0; c < channels; ++c) {
    if (c < count) multiplier_per_channel(input, float_bits_at(scales + c), output, multiplier);
    multipliers[c] = multiplier.multiplier;
    shifts[c] = static_cast<int8_t>(multiplier.shift);
  }
}

// REQUIRES: check_int8() gave ok.
inline ScaleSource scale_source(const PrepareContext& node, const ConvolutionTensors& tensors) {
  const Quantization& weights = tensors.weights.quantization;
  return ScaleSource{node.position_of(weights.scales), float_bits_at(tensors.input.quantization.scales),
                     float_bits_at(tensors.output.quantization.scales), weights.count};
}

// `memory`: channel_scales_bytes(channels), aligned to 4 bytes.
inline ChannelScales channel_scales(const InvokeContext& node, const ScaleSource& source, int32_t channels,
                                    void* memory) {
  int32_t* const multipliers = static_cast<int32_t*>(memory);
  int8_t* const shifts = reinterpret_cast<int8_t*>(multipliers + channels);
  derive_channel_scales(source.input, node.at<float>(source.weights), source.count, source.output, channels,
                        multipliers, shifts);
  return ChannelScales{multipliers, shifts};
}

}  // namespace mote
