// Fully connected with int16 activations and int8 weights (device/wide_output.h). Source: TFLite
// kernels/internal/reference/integer_ops/fully_connected.h.
#pragma once
#include "device/wide_output.h"
#include "ops/fully_connected/fully_connected.h"

namespace mote {

struct FullyConnectedInt16 {
  int32_t batches, inputs, outputs;
  int32_t multiplier;  // per tensor
  int8_t shift;        // per tensor
  int8_t per_channel;  // 1: multipliers and shifts come from ChannelScales
  Int16Output output;
};

// `bias`: see Int16Output; `channels` is used when p.per_channel.
inline void fully_connected_run(const FullyConnectedInt16& p, ChannelScales channels, const int16_t* input,
                                const int8_t* weights, const void* bias, int16_t* output) {
  for (int32_t b = 0; b < p.batches; ++b, input += p.inputs) {
    const int8_t* row = weights;
    for (int32_t o = 0; o < p.outputs; ++o, row += p.inputs) {
      int64_t sum = 0;
      for (int32_t i = 0; i < p.inputs; ++i) sum += int32_t{input[i]} * row[i];
      *output++ = p.per_channel != 0 ? p.output(sum, bias, o, channels.multipliers[o], channels.shifts[o])
                                     : p.output(sum, bias, o, p.multiplier, p.shift);
    }
  }
}

inline Status fully_connected_setup(const FullyConnectedAttributes& a, const ConvolutionTensors& tensors,
                                    FullyConnectedInt16& p) {
  Status status = fully_connected_sizes(a, tensors, p);
  if (status == Status::ok) status = tensors.check_int16(0);
  if (status != Status::ok) return status;
  p.per_channel = tensors.weights.quantization.count > 1;
  Multiplier multiplier = {0, 0};
  if (!fully_connected_multiplier(tensors.input, tensors.weights, tensors.output, 0, multiplier) ||
      multiplier.shift >= kWideShiftEnd)
    return Status::bad_quantization;
  p.multiplier = multiplier.multiplier;
  p.shift = static_cast<int8_t>(multiplier.shift);
  p.output = int16_output(a.activation, tensors);
  return Status::ok;
}

inline void invoke_fully_connected_int16(const InvokeContext& node) {
  const FullyConnectedInt16& p = node.data<FullyConnectedInt16>();
  fully_connected_run(p, kept_channels(p), node.input<int16_t>(0), node.input<int8_t>(1), node.input<uint8_t>(2),
                      node.output<int16_t>(0));
}

constexpr Kernel fully_connected_int16 = {
    kFullyConnectedCode,         DType::int16, DType::int16, false, prepare_fully_connected<FullyConnectedInt16>,
    invoke_fully_connected_int16};

}  // namespace mote
