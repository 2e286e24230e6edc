// DepthwiseConv1D, DepthwiseConv2D(kernel_size, ...): a window over each channel by itself.
#include "toolchain/graph/layers/convolution.h"

namespace mote {

namespace {
namespace depthwise_conv_form {

constexpr const char* kNames[] = {"DepthwiseConv1D", "DepthwiseConv2D"};
constexpr LayerParameter kParameters[] = {
    {"kernel_size", LayerParameter::Kind::extent, nullptr},     {"strides", LayerParameter::Kind::extent, "1"},
    {"padding", LayerParameter::Kind::padding, "valid"},        {"depth_multiplier", LayerParameter::Kind::count, "1"},
    {"activation", LayerParameter::Kind::activation, "linear"}, {"dilation_rate", LayerParameter::Kind::extent, "1"},
    {"use_bias", LayerParameter::Kind::flag, "true"},
};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  MOTE_TRY(const WindowOptions options, window_options(builder, arguments, 0, 1, 2, 5));
  MOTE_CHECK(add_depthwise_convolution(builder, arguments.count(3), options, arguments.flag(6)));
  return builder.add_activation(arguments.value(4).word);
}

constexpr LayerForm kForm = {kNames, {}, "a window over each channel by itself", kParameters, FirstInput::sequence,
                             add};

}  // namespace depthwise_conv_form
}  // namespace

extern const LayerForm depthwise_conv_layer;
const LayerForm depthwise_conv_layer = depthwise_conv_form::kForm;

}  // namespace mote
