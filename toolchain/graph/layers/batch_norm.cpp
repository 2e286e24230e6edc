// BatchNorm(momentum, epsilon): each channel with mean 0 and deviation 1, then scaled and shifted by learned numbers.
#include "ops/batch_norm/batch_norm.h"

#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace batch_norm_form {

constexpr const char* kNames[] = {"BatchNorm"};
constexpr const char* kAliases[] = {"BatchNormalization"};
constexpr LayerParameter kParameters[] = {
    {"momentum", LayerParameter::Kind::share, "0.9"},
    {"epsilon", LayerParameter::Kind::share, "0.001"},
};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  const Shape channels = make_shape({builder.shape().last()});
  const int32_t gamma = builder.add_equal("gamma", channels, 1, true),
                beta = builder.add_equal("beta", channels, 0, true);
  const int32_t mean = builder.add_equal("mean", channels, 0, false);
  const int32_t variance = builder.add_equal("variance", channels, 1, false);
  const BatchNormAttributes attributes{arguments.number(0), arguments.number(1)};
  return builder.add_node("batch_norm", Attributes::of(attributes), {{gamma, beta, mean, variance}});
}

constexpr LayerForm kForm = {
    kNames,      kAliases,          "batch normalization, folded into the layer before it when the model is exported",
    kParameters, FirstInput::as_is, add};

}  // namespace batch_norm_form
}  // namespace

extern const LayerForm batch_norm_layer;
const LayerForm batch_norm_layer = batch_norm_form::kForm;

}  // namespace mote
