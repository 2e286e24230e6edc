// ReLU6: min(max(x, 0), 6); it goes into a Dense before it as that layer's fused activation.
#include "ops/relu6/relu6.h"

#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.add_node("relu6", Attributes::of(Relu6Attributes{}));
}

}  // namespace

extern const LayerForm relu6_layer;
const LayerForm relu6_layer = {"ReLU6", "min(max(x, 0), 6)", {}, false, add};

}  // namespace mote
