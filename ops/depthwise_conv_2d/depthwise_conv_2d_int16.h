// Depthwise convolution of int16 activations with int8 weights (device/wide_output.h); the bias has 64 bits. Source:
// TFLite kernels/internal/reference/integer_ops/depthwise_conv.h (DepthwiseConvPerChannel for int16_t).
#pragma once
#include "device/wide_output.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"

namespace mote {

struct DepthwiseConv2DInt16 {
  DepthwiseConv2DGeometry g;
  Int16Output output;
};

// One output; `input` and `weights` stand at its channel.
inline int64_t depthwise_conv_2d_sum(const DepthwiseConv2DGeometry& g, const int16_t* input, const int8_t* weights,
                                     int32_t y, int32_t x) {
  const int32_t origin_y = y * g.y.stride - g.y.before, origin_x = x * g.x.stride - g.x.before;
  const TapRange taps_y = taps_inside(g.y, origin_y), taps_x = taps_inside(g.x, origin_x);
  int64_t sum = 0;
  for (int32_t ky = taps_y.first; ky < taps_y.last; ++ky) {
    for (int32_t kx = taps_x.first; kx < taps_x.last; ++kx) {
      const int32_t iy = origin_y + ky * g.y.dilation, ix = origin_x + kx * g.x.dilation;
      sum += int32_t{input[(iy * g.x.input + ix) * g.inputs]} * weights[(ky * g.x.filter + kx) * g.outputs()];
    }
  }
  return sum;
}

inline void depthwise_conv_2d_run(const DepthwiseConv2DInt16& p, const LiveChannels& scales, const int16_t* input,
                                  const int8_t* weights, const void* bias, int16_t* output) {
  const DepthwiseConv2DGeometry& g = p.g;
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    for (int32_t y = 0; y < g.y.output; ++y) {
      for (int32_t x = 0; x < g.x.output; ++x, output += g.outputs()) {
        for (int32_t i = 0; i < g.outputs(); ++i) {
          const int32_t o = scales.channels[i];
          output[o] = p.output.clamped(0);  // of a dead channel
          if (i >= scales.live) continue;
          const int64_t sum = depthwise_conv_2d_sum(g, input + o / g.multiplier, weights + o, y, x);
          output[o] = p.output(sum, bias, o, scales.multipliers[i], scales.shifts[i]);
        }
      }
    }
  }
}

inline Status depthwise_conv_2d_setup(const DepthwiseConv2DAttributes& a, const ConvolutionTensors& tensors,
                                      DepthwiseConv2DInt16& p) {
  Status status = depthwise_conv_2d_sizes(a, tensors, p.g);
  if (status == Status::ok) status = tensors.check_int16(3);
  if (status != Status::ok) return status;
  p.output = int16_output(a.activation, tensors);
  return p.output.wide ? Status::ok : Status::unsupported_type;
}

inline Status prepare_depthwise_conv_2d_int16(PrepareContext& node) {
  ConvolutionTensors tensors;
  DepthwiseConv2DAttributes attributes;
  ConvolutionNode<DepthwiseConv2DInt16> kept;
  Status status = tensors.read(node, attributes);
  if (status == Status::ok) status = depthwise_conv_2d_setup(attributes, tensors, kept.p);
  if (status == Status::ok) keep_convolution(node, tensors, kept, kept.p.g.outputs(), 0);
  return status;
}

inline void invoke_depthwise_conv_2d_int16(const InvokeContext& node) {
  const auto& kept = node.data<ConvolutionNode<DepthwiseConv2DInt16>>();
  const LiveChannels scales = live_channels(node, kept.scales, kept.p.g.outputs(), node.scratch());
  depthwise_conv_2d_run(kept.p, scales, node.input<int16_t>(0), node.input<int8_t>(1), node.input<uint8_t>(2),
                        node.output<int16_t>(0));
}

constexpr Kernel depthwise_conv_2d_int16 = {
    kDepthwiseConv2DCode,          DType::int16, DType::int16, false, prepare_depthwise_conv_2d_int16,
    invoke_depthwise_conv_2d_int16};

}  // namespace mote
