// Activation(name): an activation by name, as a layer.
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace activation_form {

constexpr const char* kNames[] = {"Activation"};
constexpr LayerParameter kParameters[] = {{"activation", LayerParameter::Kind::activation, nullptr}};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  return builder.add_activation(arguments.value(0).word);
}

constexpr LayerForm kForm = {kNames, {}, "an activation by name", kParameters, FirstInput::as_is, add};

}  // namespace activation_form
}  // namespace

extern const LayerForm activation_layer;
const LayerForm activation_layer = activation_form::kForm;

}  // namespace mote
