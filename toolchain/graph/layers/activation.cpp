// Activation(name): an activation by name, as a layer.
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

constexpr LayerParameter kParameters[] = {{"activation", LayerParameter::Kind::word, nullptr}};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  return builder.add_activation(arguments.value(0));
}

}  // namespace

extern const LayerForm activation_layer;
const LayerForm activation_layer = {"Activation", "an activation by name", kParameters, false, add};

}  // namespace mote
