// Autoencoder(units..., latent): dense layers down to `latent` numbers and back to as many as there were.
#include "toolchain/graph/layers/architecture.h"

namespace mote {

namespace {
namespace autoencoder_form {

constexpr const char* kNames[] = {"Autoencoder"};
constexpr LayerParameter kParameters[] = {
    {"units", LayerParameter::Kind::sizes, nullptr},
    {"latent", LayerParameter::Kind::count, "8"},
};

Result<LayerLines> expand(const GraphBuilder& builder, const LayerArguments& arguments) {
  LayerLines lines;
  const auto add = [&](int32_t units) { add_rectified(lines, fmt::format("Dense({}, use_bias=false)", units)); };
  const std::vector<int32_t>& units = arguments.sizes(0);
  for (const int32_t each : units) {
    if (each < 1) return layer_error(arguments.value(0).column, "expected whole numbers above 0");
    add(each);
  }
  add(arguments.count(1));
  for (auto each = units.rbegin(); each != units.rend(); ++each) add(*each);
  lines.push_back(fmt::format("Dense({})", builder.shape().elements()));
  return lines;
}

constexpr LayerForm kForm = {
    kNames,  {},    "dense layers down to a few numbers and back to the whole example", kParameters, FirstInput::flat,
    nullptr, expand};

}  // namespace autoencoder_form
}  // namespace

extern const LayerForm autoencoder_layer;
const LayerForm autoencoder_layer = autoencoder_form::kForm;

}  // namespace mote
