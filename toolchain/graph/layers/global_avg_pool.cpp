// GlobalAvgPool: the mean of each channel over all steps or pixels.
#include "toolchain/graph/layers/pool.h"

namespace mote {

namespace {
namespace global_avg_pool_form {

constexpr const char* kNames[] = {"GlobalAvgPool", "GlobalAvgPool1D", "GlobalAvgPool2D"};
constexpr const char* kAliases[] = {"GlobalAveragePooling1D", "GlobalAveragePooling2D"};

Result<void> add(GraphBuilder& builder, const LayerArguments&) {
  return add_global_pool(builder, "mean");
}

constexpr LayerForm kForm = {
    kNames, kAliases, "the mean of each channel over all steps or pixels", {}, FirstInput::sequence, add};

}  // namespace global_avg_pool_form
}  // namespace

extern const LayerForm global_avg_pool_layer;
const LayerForm global_avg_pool_layer = global_avg_pool_form::kForm;

}  // namespace mote
