// Softmax: probabilities over the last axis.
#include "ops/softmax/softmax.h"

#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.add_node("softmax", Attributes::of(SoftmaxAttributes{1.0f}));
}

}  // namespace

extern const LayerForm softmax_layer;
const LayerForm softmax_layer = {"Softmax", "probabilities over the last axis", {}, false, add};

}  // namespace mote
