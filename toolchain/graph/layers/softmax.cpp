// Softmax: probabilities over the last axis.
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

constexpr const char* kNames[] = {"Softmax"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.add_activation("softmax");
}

}  // namespace

extern const LayerForm softmax_layer;
const LayerForm softmax_layer = {kNames, {}, "probabilities over the last axis", {}, FirstInput::as_is, add};

}  // namespace mote
