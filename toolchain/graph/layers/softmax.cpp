// Softmax: probabilities over the last axis.
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace softmax_form {

constexpr const char* kNames[] = {"Softmax"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return builder.add_activation("softmax");
}

constexpr LayerForm kForm = {kNames, {}, "probabilities over the last axis", {}, FirstInput::as_is, add};

}  // namespace softmax_form
}  // namespace

extern const LayerForm softmax_layer;
const LayerForm softmax_layer = softmax_form::kForm;

}  // namespace mote
