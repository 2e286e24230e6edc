// Convolution of int16 activations with int8 weights (device/wide_output.h). Source: TFLite
// kernels/internal/reference/integer_ops/conv.h (ConvPerChannel for int16_t).
#pragma once
#include "device/wide_output.h"
#include "ops/conv_2d/conv_2d.h"

namespace mote {

struct Conv2DInt16 {
  Conv2DGeometry g;
  Int16Output output;
};

inline void conv_2d_run(const Conv2DInt16& p, const LiveChannels& scales, const int16_t* input, const int8_t* weights,
                        const void* bias, int16_t* output) {
  const Conv2DGeometry& g = p.g;
  const int32_t group_outputs = g.outputs / g.groups();
  for (int32_t b = 0; b < g.batches; ++b, input += g.y.input * g.x.input * g.inputs) {
    for (int32_t y = 0; y < g.y.output; ++y) {
      for (int32_t x = 0; x < g.x.output; ++x, output += g.outputs) {
        for (int32_t i = 0; i < g.outputs; ++i) {
          const int32_t o = scales.channels[i];
          output[o] = p.output.clamped(0);  // of a dead channel
          if (i >= scales.live) continue;
          // Products of at most 2^23, of fewer than 2^28 elements.
          const int64_t sum =
              conv_2d_sum<int64_t>(g, input + o / group_outputs * g.depth, weights + o * g.patch(), y, x);
          output[o] = p.output(sum, bias, o, scales.multipliers[i], scales.shifts[i]);
        }
      }
    }
  }
}

inline Status conv_2d_setup(const Conv2DAttributes& a, const ConvolutionTensors& tensors, Conv2DInt16& p) {
  Status status = conv_2d_sizes(a, tensors, p.g);
  if (status == Status::ok) status = tensors.check_int16(0);
  if (status != Status::ok) return status;
  p.output = int16_output(a.activation, tensors);
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
