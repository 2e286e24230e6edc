// ReLU: max(x, 0).
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

constexpr const char* kNames[] = {"ReLU"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.add_activation("relu");
}

}  // namespace

extern const LayerForm relu_layer;
const LayerForm relu_layer = {kNames, {}, "max(x, 0)", {}, FirstInput::as_is, add};

}  // namespace mote
