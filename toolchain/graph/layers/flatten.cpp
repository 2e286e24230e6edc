// Flatten: the example as one row of numbers, in memory order.
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace flatten_form {

constexpr const char* kNames[] = {"Flatten"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.flatten();
}

constexpr LayerForm kForm = {kNames, {}, "the example as one row", {}, FirstInput::flat, add};

}  // namespace flatten_form
}  // namespace

extern const LayerForm flatten_layer;
const LayerForm flatten_layer = flatten_form::kForm;

}  // namespace mote
