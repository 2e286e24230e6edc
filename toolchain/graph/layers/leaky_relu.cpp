// LeakyReLU(negative_slope): x where x > 0, else negative_slope * x.
#include "ops/leaky_relu/leaky_relu.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace leaky_relu_form {

constexpr const char* kNames[] = {"LeakyReLU"};
constexpr LayerParameter kParameters[] = {{"negative_slope", LayerParameter::Kind::share, "0.2"}};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  return builder.add_node("leaky_relu", Attributes::of(LeakyReluAttributes{arguments.number(0)}));
}

constexpr LayerForm kForm = {kNames, {}, "x above zero, else negative_slope * x", kParameters, FirstInput::as_is, add};

}  // namespace leaky_relu_form
}  // namespace

extern const LayerForm leaky_relu_layer;
const LayerForm leaky_relu_layer = leaky_relu_form::kForm;

}  // namespace mote
