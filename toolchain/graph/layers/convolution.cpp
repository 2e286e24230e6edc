#include "toolchain/graph/layers/convolution.h"

#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"

namespace mote {

namespace {

template <class A>
A attributes_of(const WindowOptions& options) {
  A a;
  a.padding = options.padding;
  a.stride_h = options.strides.height, a.stride_w = options.strides.width;
  a.dilation_h = options.dilation.height, a.dilation_w = options.dilation.width;
  return a;
}

}  // namespace

Result<void> add_convolution(GraphBuilder& builder, int32_t filters, const WindowOptions& options, bool use_bias) {
  const Extent kernel = options.kernel;
  const int32_t channels = builder.shape().last();
  MOTE_CHECK(check_weights(kernel, channels, filters));
  const int64_t taps = int64_t{kernel.height} * kernel.width;
  const int32_t weights = builder.add_parameter("weights", make_shape({filters, kernel.height, kernel.width, channels}),
                                                taps * channels, taps * filters);
  const int32_t bias = use_bias ? builder.add_parameter("bias", make_shape({filters}), 0, 0) : kAbsent;
  return builder.add_node("conv_2d", Attributes::of(attributes_of<Conv2DAttributes>(options)), {{weights, bias}});
}

Result<void> add_depthwise_convolution(GraphBuilder& builder, int32_t multiplier, const WindowOptions& options,
                                       bool use_bias) {
  const Extent kernel = options.kernel;
  const int32_t channels = builder.shape().last();
  MOTE_CHECK(check_weights(kernel, channels, multiplier));
  const int64_t taps = int64_t{kernel.height} * kernel.width;
  const Shape shape = make_shape({1, kernel.height, kernel.width, channels * multiplier});
  const int32_t weights = builder.add_parameter("depthwise_weights", shape, taps, taps * multiplier);
  const int32_t bias =
      use_bias ? builder.add_parameter("depthwise_bias", make_shape({channels * multiplier}), 0, 0) : kAbsent;
  auto attributes = attributes_of<DepthwiseConv2DAttributes>(options);
  attributes.depth_multiplier = multiplier;
  return builder.add_node("depthwise_conv_2d", Attributes::of(attributes), {{weights, bias}});
}

}  // namespace mote
