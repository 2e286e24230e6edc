// SeparableConv1D, SeparableConv2D(filters, kernel_size, ...): a window over each channel, then one of size 1 over all.
#include "toolchain/graph/layers/convolution.h"

namespace mote {

namespace {
namespace separable_conv_form {

constexpr const char* kNames[] = {"SeparableConv1D", "SeparableConv2D"};
constexpr LayerParameter kParameters[] = {
    {"filters", LayerParameter::Kind::count, nullptr},      {"kernel_size", LayerParameter::Kind::extent, nullptr},
    {"strides", LayerParameter::Kind::extent, "1"},         {"padding", LayerParameter::Kind::padding, "valid"},
    {"depth_multiplier", LayerParameter::Kind::count, "1"}, {"activation", LayerParameter::Kind::activation, "linear"},
    {"dilation_rate", LayerParameter::Kind::extent, "1"},   {"use_bias", LayerParameter::Kind::flag, "true"},
};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  MOTE_TRY(const WindowOptions options, window_options(builder, arguments, 1, 2, 3, 6));
  MOTE_CHECK(add_depthwise_convolution(builder, arguments.count(4), options, false));
  const WindowOptions pointwise{{1, 1}, {1, 1}, {1, 1}, static_cast<int8_t>(Padding::valid)};
  MOTE_CHECK(add_convolution(builder, arguments.count(0), pointwise, arguments.flag(7)));
  return builder.add_activation(arguments.value(5).word);
}

constexpr LayerForm kForm = {
    kNames, {}, "a window over each channel by itself, then one of size 1", kParameters, FirstInput::sequence, add};

}  // namespace separable_conv_form
}  // namespace

extern const LayerForm separable_conv_layer;
const LayerForm separable_conv_layer = separable_conv_form::kForm;

}  // namespace mote
