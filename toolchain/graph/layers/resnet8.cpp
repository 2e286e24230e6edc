// ResNet8(filters): three residual blocks (He et al. 2016, as in MLPerf Tiny).
#include "toolchain/graph/layers/architecture.h"

namespace mote {

namespace {
namespace resnet8_form {

constexpr const char* kNames[] = {"ResNet8"};
constexpr LayerParameter kParameters[] = {{"filters", LayerParameter::Kind::count, "16"}};

// The first block reads and adds x1 as it is; later ones halve height and width and double the channels.
Result<LayerLines> expand(const GraphBuilder&, const LayerArguments& arguments) {
  LayerLines lines;
  int64_t filters = arguments.count(0);
  if (filters > 1 << 20) return layer_error(arguments.value(0).column, "at most 1048576 filters are possible");
  add_normalized(lines, fmt::format("Conv2D({}, 3, 1, same, use_bias=false)", filters));
  lines.push_back("x1 = ReLU");
  for (int block = 1; block <= 3; ++block, filters *= 2) {
    const int stride = block == 1 ? 1 : 2;
    add_rectified(lines, fmt::format("Conv2D({}, 3, {}, same, use_bias=false)", filters, stride));
    lines.push_back(fmt::format("Conv2D({}, 3, 1, same, use_bias=false)", filters));
    lines.push_back(fmt::format("y{} = BatchNorm", block));
    if (block > 1) lines.push_back(fmt::format("Conv2D({}, 1, {}, same, from=x{})", filters, stride, block));
    lines.push_back(fmt::format("x{} = Add({}{}, activation=relu)", block + 1, block > 1 ? 'y' : 'x', block));
  }
  lines.push_back("GlobalAvgPool");
  return lines;
}

constexpr LayerForm kForm = {kNames,
                             {},
                             "three residual blocks on an image, up to the pool; a Dense follows",
                             kParameters,
                             FirstInput::as_is,
                             nullptr,
                             expand};

}  // namespace resnet8_form
}  // namespace

extern const LayerForm resnet8_layer;
const LayerForm resnet8_layer = resnet8_form::kForm;

}  // namespace mote
