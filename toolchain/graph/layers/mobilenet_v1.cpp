// MobileNetV1(alpha): 13 depthwise separable blocks (Howard et al. 2017), `alpha` times as wide.
#include <algorithm>

#include "toolchain/graph/layers/architecture.h"

namespace mote {

namespace {
namespace mobilenet_v1_form {

constexpr const char* kNames[] = {"MobileNetV1"};
constexpr LayerParameter kParameters[] = {{"alpha", LayerParameter::Kind::factor, "0.25"}};

struct Block {
  int32_t filters, stride;
};
constexpr Block kBlocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                             {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};

Result<LayerLines> expand(const GraphBuilder&, const LayerArguments& arguments) {
  const auto wide = [&](int32_t filters) {
    return std::max(1, static_cast<int32_t>(static_cast<float>(filters) * arguments.number(0)));
  };
  LayerLines lines;
  add_rectified(lines, fmt::format("Conv2D({}, 3, 2, same, use_bias=false)", wide(32)));
  for (const Block& block : kBlocks) add_separable_block(lines, wide(block.filters), block.stride);
  lines.push_back("GlobalAvgPool");
  return lines;
}

constexpr LayerForm kForm = {
    kNames,  {},    "13 separable blocks on an image, up to the pool; a Dense follows", kParameters, FirstInput::as_is,
    nullptr, expand};

}  // namespace mobilenet_v1_form
}  // namespace

extern const LayerForm mobilenet_v1_layer;
const LayerForm mobilenet_v1_layer = mobilenet_v1_form::kForm;

}  // namespace mote
