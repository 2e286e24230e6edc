// DSCNN(filters, blocks): keyword spotting on 49x10 features (Zhang et al. 2017, as in MLPerf Tiny).
#include "toolchain/graph/layers/architecture.h"

namespace mote {

namespace {
namespace ds_cnn_form {

constexpr const char* kNames[] = {"DSCNN"};
constexpr LayerParameter kParameters[] = {
    {"filters", LayerParameter::Kind::count, "64"},
    {"blocks", LayerParameter::Kind::count, "4"},
    {"dropout", LayerParameter::Kind::share, "0.2"},
};

Result<LayerLines> expand(const GraphBuilder& builder, const LayerArguments& arguments) {
  LayerLines lines;
  const Shape example = builder.example();
  if (example.rank == 2) lines.push_back(fmt::format("Reshape({}, {}, 1)", example[0], example[1]));
  add_rectified(lines, fmt::format("Conv2D({}, (10, 4), 2, same, use_bias=false)", arguments.count(0)));
  for (int32_t i = 0; i < arguments.count(1); ++i) add_separable_block(lines, arguments.count(0), 1);
  lines.push_back("GlobalAvgPool");
  lines.push_back(fmt::format("Dropout({})", arguments.number(2)));
  return lines;
}

constexpr LayerForm kForm = {kNames,
                             {},
                             "depthwise separable convolutions on [steps, features], up to the pool; a Dense follows",
                             kParameters,
                             FirstInput::as_is,
                             nullptr,
                             expand};

}  // namespace ds_cnn_form
}  // namespace

extern const LayerForm ds_cnn_layer;
const LayerForm ds_cnn_layer = ds_cnn_form::kForm;

}  // namespace mote
