// Flatten: the example as one row of numbers, in memory order.
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {

constexpr const char* kNames[] = {"Flatten"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.flatten();
}

}  // namespace

extern const LayerForm flatten_layer;
const LayerForm flatten_layer = {kNames, {}, "the example as one row", {}, FirstInput::flat, add};

}  // namespace mote
