// What convolutions do with a sum of products: one multiplier for each output channel, zero point, activation range.
#pragma once
#include "device/activation.h"
#include "device/kernel.h"
#include "device/requantize.h"
#include "device/window.h"

// One copy for all kernels, where GCC would make one for each of them.
#if defined(__clang__)
#define MOTE_SHARED __attribute__((noinline))
#else
#define MOTE_SHARED __attribute__((noinline, noclone))
#endif

namespace mote {

// For requantize(), multiplier and shift of the live channels, in order. A channel of multiplier 0, or whose weights
// are all 0, is dead: it gives one and the same number at every pixel, so that it need not be computed. A model can
// have many.
struct LiveChannels {
  const int32_t* multipliers;
  const uint16_t* channels;  // the live ones in order, then the dead ones
  const int8_t* shifts;
  int32_t live;
  bool whole = false;  // multipliers and shifts go on with those of the dead channels, which are 0 otherwise

  // Without the first `count` live channels.
  LiveChannels from(int32_t count) const {
    return LiveChannels{multipliers + count, channels + count, shifts + count, live - count, whole};
  }
};

// Where the weights of the channels are: those of channel c, `count` of them, `step` apart from weights + c * next on.
// nullptr: nobody looks whether they are all 0.
struct ChannelWeights {
  const int8_t* weights;
  int32_t count, step, next;

  bool all_zero(int32_t channel) const {
    if (weights == nullptr) return false;
    const int8_t* const w = weights + channel * next;
    return __builtin_expect(*w == 0, false) && others_zero(w);
  }

 private:
  __attribute__((noinline)) bool others_zero(const int8_t* w) const {
    int32_t i = count;
    for (; step == 1 && i >= 4; i -= 4, w += 4)
      if ((w[0] | w[1] | w[2] | w[3]) != 0) return false;
    for (; i > 0; --i, w += step)
      if (*w != 0) return false;
    return true;
  }
};

struct Int8Output {
  int16_t zero_point;
  int8_t low, high;  // activation range

  // With it and a shift below 0, as nearly always, requantize_to_int8() does all.
  bool is_whole() const { return low == -128 && high == 127; }
  MOTE_SHARED int8_t any(int32_t sum, int32_t multiplier, int32_t shift) const {
    return static_cast<int8_t>(clamp(wrapping_add(requantize(sum, multiplier, shift), zero_point), low, high));
  }
};

// REQUIRES: is_clamping(activation), is_per_tensor(output) with type int8.
__attribute__((noinline)) inline Int8Output int8_output(Activation activation, const TensorInfo& output) {
  const Int8Range range = int8_activation_range(activation, output);
  return Int8Output{static_cast<int16_t>(output.quantization.zero_point), range.low, range.high};
}

// From which scales the interpreter computes the table anew at each inference, into scratch: some 60 instructions a
// channel, where a table of all layers would cost 5 bytes a channel for good.
struct ScaleSource {
  uint32_t weights;        // position in the file of the scales of the weights
  uint32_t input, output;  // bits of the scales
  int32_t count;           // 1 = one scale for all channels
};

constexpr int32_t live_channels_bytes(int32_t channels) {
  return (7 * channels + 3) & ~3;
}

// Input, weights, perhaps a bias, and one output: the tensors of a convolution or matrix product.
struct ConvolutionTensors {
  TensorInfo input, weights, bias, output;
  bool has_bias = false;

  template <class Attributes>
  Status read(const PrepareContext& node, Attributes& attributes) {
    const Status status = read_tensors(node);
    return status != Status::ok || node.read(attributes) ? status : Status::bad_model;
  }

  __attribute__((noinline)) Status read_tensors(const PrepareContext& node) {
    if (node.input_count() > 3 || node.output_count() != 1 || !node.has_input(0) || !node.has_input(1))
      return Status::unsupported_shape;
    node.read_input(0, input);
    node.read_output(0, output);
    node.read_input(1, weights);
    has_bias = node.has_input(2);
    if (has_bias) node.read_input(2, bias);
    return Status::ok;
  }

  Status check_float32() const {
    return has_types(DType::float32, DType::float32) ? Status::ok : Status::unsupported_type;
  }

  // Types and scales. The weights are symmetric and have one scale, or one for each index of dimension `axis`.
  // `multiplier`: that of the largest scale, if there is only one by the rule `of_one`.
  using MultiplierRule = bool (*)(uint32_t input, uint32_t weights, uint32_t output, Multiplier& out);
  __attribute__((noinline)) Status check_int8(int32_t axis, MultiplierRule of_one, Multiplier& multiplier) const {
    return has_types(DType::int8, DType::int32) ? check_scales(axis, of_one, multiplier) : Status::unsupported_type;
  }

  // int16 activations, whose zero points are 0, int8 weights, and a bias of 32 or 64 bits.
  Status check_int16(int32_t axis) const {
    if (input.type != DType::int16 || weights.type != DType::int8 || output.type != DType::int16 ||
        (has_bias && bias.type != DType::int32 && bias.type != DType::int64))
      return Status::unsupported_type;
    if (input.quantization.zero_point != 0 || output.quantization.zero_point != 0) return Status::bad_quantization;
    Multiplier largest = {0, 0};
    const Status status = check_scales(axis, multiplier_per_channel, largest);
    return status == Status::ok && largest.shift >= kWideShiftEnd ? Status::bad_quantization : status;
  }

 private:
  Status check_scales(int32_t axis, MultiplierRule of_one, Multiplier& multiplier) const {
    const Quantization& q = weights.quantization;
    if (!is_per_tensor(input) || !is_per_tensor(output) || q.count < 1 || q.zero_point != 0 ||
        (q.count > 1 && (q.axis != axis || q.count != weights.shape[axis])))
      return Status::bad_quantization;
    uint32_t largest = 0;  // bits of floats that are not negative are ordered as the floats are
    for (int32_t i = 0; i < q.count; ++i) {
      const uint32_t scale = float_bits_at(q.scales + i);
      if (scale > largest) largest = scale;
    }
    const MultiplierRule rule = q.count == 1 ? of_one : multiplier_per_channel;
    const bool fits =
        largest < 0x7F800000u &&  // negative, infinite or NaN; 0 is a dead channel
        rule(float_bits_at(input.quantization.scales), largest, float_bits_at(output.quantization.scales), multiplier);
    return fits ? Status::ok : Status::bad_quantization;
  }

  bool has_types(DType type, DType bias_type) const {
    return input.type == type && weights.type == type && output.type == type && (!has_bias || bias.type == bias_type);
  }
};

// Fills tables of `outputs` entries and gives how many channels are live. `scales`: `count` floats of the weights.
inline int32_t derive_live_channels(uint32_t input, const float* scales, int32_t count, uint32_t output,
                                    int32_t outputs, int32_t* multipliers, uint16_t* channels, int8_t* shifts,
                                    const ChannelWeights& weights = {}) {
  const ChannelMultiplier multiplier_of(input, output);
  Multiplier multiplier = {0, 0};
  int32_t live = 0, dead = outputs;
  for (int32_t c = 0; c < outputs; ++c) {
    if (c < count) multiplier_of.of(float_bits_at(scales + c), multiplier);
    const bool is_dead = multiplier.multiplier == 0 || weights.all_zero(c);
    const int32_t place = __builtin_expect(is_dead, false) ? --dead : live++;
    multipliers[place] = multiplier.multiplier;
    shifts[place] = static_cast<int8_t>(multiplier.shift);
    channels[place] = static_cast<uint16_t>(c);
  }
  return live;
}

// Writes the dead channels of `pixels` pixels of `outputs` channels. `bias` may be nullptr.
MOTE_SHARED inline void fill_dead_channels(const Int8Output& range, const LiveChannels& scales, const int32_t* bias,
                                           int32_t pixels, int32_t outputs, int8_t* output) {
  for (int32_t i = scales.live; i < outputs; ++i) {
    const int32_t channel = scales.channels[i], sum = bias != nullptr ? bias[channel] : 0;
    const int8_t value = scales.whole ? range.any(sum, scales.multipliers[i], scales.shifts[i]) : range.any(0, 0, 0);
    int8_t* place = output + channel;
    for (int32_t pixel = 0; pixel < pixels; ++pixel, place += outputs) *place = value;
  }
}

// Whether the output is an image of these dimensions, and the bias, if there is one, has its channels.
inline bool gives_image(const ConvolutionTensors& tensors, int32_t batches, int32_t height, int32_t width,
                        int32_t channels) {
  return is_image(tensors.output.shape, batches, height, width, channels) &&
         (!tensors.has_bias || tensors.bias.shape.elements() == channels);
}

// REQUIRES: check_int8() gave ok.
inline ScaleSource scale_source(const PrepareContext& node, const ConvolutionTensors& tensors) {
  const Quantization& weights = tensors.weights.quantization;
  return ScaleSource{node.position_of(weights.scales), float_bits_at(tensors.input.quantization.scales),
                     float_bits_at(tensors.output.quantization.scales), weights.count};
}

__attribute__((noinline)) inline Status finish_int8_setup(Activation activation, const ConvolutionTensors& tensors,
                                                          int32_t axis, int32_t& input_offset, Int8Output& output) {
  Multiplier largest = {0, 0};
  const Status status = tensors.check_int8(axis, multiplier_per_channel, largest);
  if (status != Status::ok) return status;
  input_offset = -tensors.input.quantization.zero_point;
  output = int8_output(activation, tensors.output);
  return Status::ok;
}

// What a convolution's int8 form has besides its geometry. `axis`: of the weights, that of the output channels.
template <class Parameters>
Status finish_int8_setup(Activation activation, const ConvolutionTensors& tensors, int32_t axis, Parameters& p) {
  return finish_int8_setup(activation, tensors, axis, p.input_offset, p.output);
}

template <class Parameters>
Status finish_float32_setup(Activation activation, const ConvolutionTensors& tensors, Parameters& p) {
  const Status status = tensors.check_float32();
  if (status != Status::ok) return status;
  const FloatRange range = float_activation_range(activation);
  p.low = range.low;
  p.high = range.high;
  return Status::ok;
}

// What the interpreter keeps of an int8 node.
template <class Parameters>
struct ConvolutionNode {
  Parameters p;
  ScaleSource scales;
};

// The table of scales lies at the start of the scratch; `scratch_bytes` are for what comes after it.
template <class Parameters>
void keep_convolution(PrepareContext& node, const ConvolutionTensors& tensors, ConvolutionNode<Parameters>& kept,
                      int32_t outputs, int32_t scratch_bytes) {
  kept.scales = scale_source(node, tensors);
  node.keep(kept);
  node.request_scratch(live_channels_bytes(outputs) + scratch_bytes);
}

// `memory`: live_channels_bytes(outputs), aligned to 4 bytes.
MOTE_SHARED inline LiveChannels live_channels(const InvokeContext& node, const ScaleSource& source, int32_t outputs,
                                              void* memory, const ChannelWeights& weights = {}) {
  int32_t* const multipliers = static_cast<int32_t*>(memory);
  uint16_t* const channels = reinterpret_cast<uint16_t*>(multipliers + outputs);
  int8_t* const shifts = reinterpret_cast<int8_t*>(channels + outputs);
  const int32_t live = derive_live_channels(source.input, node.at<float>(source.weights), source.count, source.output,
                                            outputs, multipliers, channels, shifts, weights);
  return LiveChannels{multipliers, channels, shifts, live, true};
}

}  // namespace mote

#undef MOTE_SHARED
