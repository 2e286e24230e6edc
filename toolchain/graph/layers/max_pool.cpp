// MaxPool(pool_size, ...): the greatest number of each channel in windows.
#include "toolchain/graph/layers/pool.h"

namespace mote {

namespace {
namespace max_pool_form {

constexpr const char* kNames[] = {"MaxPool", "MaxPool1D", "MaxPool2D"};
constexpr const char* kAliases[] = {"MaxPooling1D", "MaxPooling2D"};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  return add_pool(builder, "max_pool_2d", arguments);
}

constexpr LayerForm kForm = {
    kNames, kAliases, "the greatest number of each channel in windows", kPoolParameters, FirstInput::sequence, add};

}  // namespace max_pool_form
}  // namespace

extern const LayerForm max_pool_layer;
const LayerForm max_pool_layer = max_pool_form::kForm;

}  // namespace mote
