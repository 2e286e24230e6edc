// Conv1D, Conv2D(filters, kernel_size, ...): y = activation(window of x . W + b) at every step or pixel.
#include "toolchain/graph/layers/convolution.h"

namespace mote {

namespace {
namespace conv_form {

constexpr const char* kNames[] = {"Conv1D", "Conv2D"};
constexpr LayerParameter kParameters[] = {
    {"filters", LayerParameter::Kind::count, nullptr},
    {"kernel_size", LayerParameter::Kind::extent, nullptr},
    {"strides", LayerParameter::Kind::extent, "1"},
    {"padding", LayerParameter::Kind::padding, "valid"},
    {"activation", LayerParameter::Kind::activation, "linear"},
    {"dilation_rate", LayerParameter::Kind::extent, "1"},
    {"use_bias", LayerParameter::Kind::flag, "true"},
};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  MOTE_TRY(const WindowOptions options, window_options(builder, arguments, 1, 2, 3, 5));
  MOTE_CHECK(add_convolution(builder, arguments.count(0), options, arguments.flag(6)));
  return builder.add_activation(arguments.value(4).word);
}

constexpr LayerForm kForm = {
    kNames, {}, "a window over all channels, at every step or pixel", kParameters, FirstInput::sequence, add};

}  // namespace conv_form
}  // namespace

extern const LayerForm conv_layer;
const LayerForm conv_layer = conv_form::kForm;

}  // namespace mote
