// Convolution of int16 activations with int8 weights, as converters write it for "16x8" quantization. Zero points are
// 0. With an int64 bias, or none, sums have 64 bits and are requantized by requantize_wide(); with an int32 bias they
// wrap at 32 bits, as int8's do. Source: TFLite kernels/internal/reference/integer_ops/conv.h (ConvPerChannel for
// int16_t), micro/kernels/conv.cc.
#pragma once
#include "ops/conv_2d/conv_2d.h"

namespace mote {

struct Conv2DInt16 {
  Conv2DGeometry g;
  int16_t low, high;  // activation range
  bool wide;          // 64 bits
};

// `bias`: int64_t where p.wide, else int32_t; at any address; nullptr = none.
inline int32_t conv_2d_biased(const Conv2DInt16& p, int64_t sum, const void* bias, int32_t channel, int32_t multiplier,
                              int32_t shift) {
  if (p.wide) {
    int64_t start = 0;
    if (bias != nullptr) __builtin_memcpy(&start, static_cast<const uint8_t*>(bias) + 8 * channel, sizeof start);
    return requantize_wide(static_cast<int64_t>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(start)), multiplier,
                           shift);
  }
  const int32_t start = static_cast<const int32_t*>(bias)[channel];
  return requantize(wrapping_add(static_cast<int32_t>(static_cast<uint32_t>(sum)), start), multiplier, shift);
}

inline void conv_2d_run(const Conv2DInt16& p, const LiveChannels& scales, const int16_t* input, const int8_t* weights,
                        const void* bias, int16_t* output) {
  const Conv2DGeometry& g = p.g;
  const int32_t group_outputs = g.outputs / g.groups();
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    for (int32_t y = 0; y < g.y.output; ++y) {
      for (int32_t x = 0; x < g.x.output; ++x, output += g.outputs) {
        for (int32_t i = 0; i < g.outputs; ++i) {
          const int32_t o = scales.channels[i];
          int32_t value = 0;  // of a dead channel
          if (i < scales.live) {
            // Products of at most 2^23, of fewer than 2^28 elements.
            const int64_t sum =
                conv_2d_sum<int64_t>(g, input + o / group_outputs * g.depth, weights + o * g.patch(), y, x);
            value = conv_2d_biased(p, sum, bias, o, scales.multipliers[i], scales.shifts[i]);
          }
          output[o] = static_cast<int16_t>(clamp(value, p.low, p.high));
        }
      }
    }
  }
}

inline Status conv_2d_setup(const Conv2DAttributes& a, const ConvolutionTensors& tensors, Conv2DInt16& p) {
  Status status = conv_2d_sizes(a, tensors, p.g);
  if (status == Status::ok) status = tensors.check_int16(0);
  if (status != Status::ok) return status;
  const StoredRange<int16_t> range = stored_activation_range<int16_t>(a.activation, tensors.output);
  p.low = range.low;
  p.high = range.high;
  p.wide = !tensors.has_bias || tensors.bias.type == DType::int64;
  return Status::ok;
}

inline Status prepare_conv_2d_int16(PrepareContext& node) {
  ConvolutionTensors tensors;
  Conv2DAttributes attributes;
  ConvolutionNode<Conv2DInt16> kept;
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = conv_2d_setup(attributes, tensors, kept.p);
  if (status == Status::ok) keep_convolution(node, tensors, kept, kept.p.g.outputs, 0);
  return status;
}

inline void invoke_conv_2d_int16(const InvokeContext& node) {
  const auto& kept = node.data<ConvolutionNode<Conv2DInt16>>();
  const LiveChannels scales = live_channels(node, kept.scales, kept.p.g.outputs, node.scratch());
  conv_2d_run(kept.p, scales, node.input<int16_t>(0), node.input<int8_t>(1), node.input<uint8_t>(2),
              node.output<int16_t>(0));
}

constexpr Kernel conv_2d_int16 = {kConv2DCode, DType::int16,          DType::int16,
                                  false,       prepare_conv_2d_int16, invoke_conv_2d_int16};

}  // namespace mote
