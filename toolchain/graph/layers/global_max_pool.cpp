// GlobalMaxPool: the greatest number of each channel over all steps or pixels.
#include "toolchain/graph/layers/pool.h"

namespace mote {

namespace {
namespace global_max_pool_form {

constexpr const char* kNames[] = {"GlobalMaxPool", "GlobalMaxPool1D", "GlobalMaxPool2D"};
constexpr const char* kAliases[] = {"GlobalMaxPooling1D", "GlobalMaxPooling2D"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return add_global_pool(builder, "reduce_max");
}

constexpr LayerForm kForm = {
    kNames, kAliases, "the greatest number of each channel over all steps or pixels", {}, FirstInput::sequence, add};

}  // namespace global_max_pool_form
}  // namespace

extern const LayerForm global_max_pool_layer;
const LayerForm global_max_pool_layer = global_max_pool_form::kForm;

}  // namespace mote
