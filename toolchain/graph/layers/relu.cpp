// ReLU: max(x, 0).
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace relu_form {

constexpr const char* kNames[] = {"ReLU"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.add_activation("relu");
}

constexpr LayerForm kForm = {kNames, {}, "max(x, 0)", {}, FirstInput::as_is, add};

}  // namespace relu_form
}  // namespace

extern const LayerForm relu_layer;
const LayerForm relu_layer = relu_form::kForm;

}  // namespace mote
