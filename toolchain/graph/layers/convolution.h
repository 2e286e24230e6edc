// What the convolution layers have in common.
#pragma once
#include "device/window.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {

// Window, step and distance of a layer, and its padding as the operators have it.
struct WindowOptions {
  Extent kernel, strides, dilation;
  int8_t padding;
};

// From the arguments with these numbers. Causal padding, zeros before the steps, is added to the graph.
inline Result<WindowOptions> window_options(GraphBuilder& builder, const LayerArguments& arguments, size_t kernel,
                                            size_t strides, size_t padding, size_t dilation) {
  WindowOptions options;
  MOTE_TRY(options.kernel, builder.extent(arguments.value(kernel)));
  MOTE_TRY(options.strides, builder.extent(arguments.value(strides)));
  MOTE_TRY(options.dilation, builder.extent(arguments.value(dilation)));
  const std::string& word = arguments.value(padding).word;
  options.padding = static_cast<int8_t>(word == "same" ? Padding::same : Padding::valid);
  if (word != "causal") return options;
  if (!builder.is_sequence())
    return layer_error(arguments.value(padding).column, "only a window along steps can be causal");
  const int64_t before = int64_t{options.kernel.width - 1} * options.dilation.width;
  if (before > INT16_MAX) return layer_error(arguments.value(kernel).column, "the window is longer than 32767 steps");
  MOTE_CHECK(builder.add_padding({0, static_cast<int32_t>(before)}, {0, 0}));
  return options;
}

// At most 2 GiB of weights.
inline Result<void> check_weights(const Extent& kernel, int64_t inputs, int64_t outputs) {
  if (int64_t{kernel.height} * kernel.width <= INT32_MAX && inputs * outputs <= INT32_MAX &&
      double{1} * kernel.height * kernel.width * static_cast<double>(inputs * outputs) <= INT32_MAX / 4)
    return {};
  return input_error("the layer would have more than 2 GiB of weights");
}

// A convolution over all channels, without activation.
Result<void> add_convolution(GraphBuilder& builder, int32_t filters, const WindowOptions& options, bool use_bias);
// One filter for each channel, `multiplier` times; without activation.
Result<void> add_depthwise_convolution(GraphBuilder& builder, int32_t multiplier, const WindowOptions& options,
                                       bool use_bias);

}  // namespace mote
