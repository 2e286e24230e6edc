// Dropout(rate): while training, each number is zero with this probability.
#include "ops/dropout/dropout.h"

#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace dropout_form {

constexpr const char* kNames[] = {"Dropout"};
constexpr LayerParameter kParameters[] = {{"rate", LayerParameter::Kind::share, nullptr}};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  return builder.add_node("dropout", Attributes::of(DropoutAttributes{arguments.number(0)}));
}

constexpr LayerForm kForm = {
    kNames, {}, "zeros in random places while training; nothing in the exported model", kParameters, FirstInput::as_is,
    add};

}  // namespace dropout_form
}  // namespace

extern const LayerForm dropout_layer;
const LayerForm dropout_layer = dropout_form::kForm;

}  // namespace mote
