// Dense(units, activation): y = activation(x W^T + b) over the whole example; a window [steps, channels] is taken flat.
#include "ops/fully_connected/fully_connected.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace dense_form {

constexpr const char* kNames[] = {"Dense"};
constexpr LayerParameter kParameters[] = {
    {"units", LayerParameter::Kind::count, nullptr},
    {"activation", LayerParameter::Kind::activation, "linear"},
    {"use_bias", LayerParameter::Kind::flag, "true"},
};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  MOTE_CHECK(builder.flatten());
  const int32_t units = arguments.count(0), inputs = builder.shape().last();
  if (int64_t{units} * inputs > INT32_MAX / 4)
    return layer_error(arguments.value(0).column, "the layer would have more than 2 GiB of weights");
  const int32_t weights = builder.add_parameter("weights", make_shape({units, inputs}), inputs, units);
  const int32_t bias = arguments.flag(2) ? builder.add_parameter("bias", make_shape({units}), 0, 0) : kAbsent;
  MOTE_CHECK(builder.add_node("fully_connected", Attributes::of(FullyConnectedAttributes{}), {{weights, bias}}));
  return builder.add_activation(arguments.value(1).word);
}

constexpr LayerForm kForm = {kNames, {}, "fully connected over the whole example", kParameters, FirstInput::flat, add};

}  // namespace dense_form
}  // namespace

extern const LayerForm dense_layer;
const LayerForm dense_layer = dense_form::kForm;

}  // namespace mote
