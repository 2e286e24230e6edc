// ReLU6: min(max(x, 0), 6).
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace relu6_form {

constexpr const char* kNames[] = {"ReLU6"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.add_activation("relu6");
}

constexpr LayerForm kForm = {kNames, {}, "min(max(x, 0), 6)", {}, FirstInput::as_is, add};

}  // namespace relu6_form
}  // namespace

extern const LayerForm relu6_layer;
const LayerForm relu6_layer = relu6_form::kForm;

}  // namespace mote
