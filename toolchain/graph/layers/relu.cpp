// ReLU: max(x, 0); it goes into a Dense before it as that layer's fused activation.
#include "ops/relu/relu.h"

#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.add_node("relu", Attributes::of(ReluAttributes{}));
}

}  // namespace

extern const LayerForm relu_layer;
const LayerForm relu_layer = {"ReLU", "max(x, 0)", {}, false, add};

}  // namespace mote
