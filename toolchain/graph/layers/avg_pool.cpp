// AvgPool(pool_size, ...): the mean of each channel in windows.
#include "toolchain/graph/layers/pool.h"

namespace mote {

namespace {
namespace avg_pool_form {

constexpr const char* kNames[] = {"AvgPool", "AvgPool1D", "AvgPool2D"};
constexpr const char* kAliases[] = {"AveragePooling1D", "AveragePooling2D"};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  return add_pool(builder, "average_pool_2d", arguments);
}

constexpr LayerForm kForm = {
    kNames, kAliases, "the mean of each channel in windows", kPoolParameters, FirstInput::sequence, add};

}  // namespace avg_pool_form
}  // namespace

extern const LayerForm avg_pool_layer;
const LayerForm avg_pool_layer = avg_pool_form::kForm;

}  // namespace mote
