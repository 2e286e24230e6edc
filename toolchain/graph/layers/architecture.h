// What the named architectures have in common: each stands for the layers that its expand function writes.
#pragma once
#include <fmt/format.h>

#include "toolchain/graph/layers/layer.h"

namespace mote {

using LayerLines = std::vector<std::string>;

// A convolution as it stands in front of batch normalization, which has a bias of its own.
inline void add_normalized(LayerLines& lines, const std::string& convolution) {
  lines.push_back(convolution);
  lines.push_back("BatchNorm");
}

inline void add_rectified(LayerLines& lines, const std::string& convolution) {
  add_normalized(lines, convolution);
  lines.push_back("ReLU");
}

// Depthwise 3x3, then pointwise, each normalized and rectified (Howard et al. 2017).
inline void add_separable_block(LayerLines& lines, int32_t filters, int32_t stride) {
  add_rectified(lines, fmt::format("DepthwiseConv2D(3, {}, same, use_bias=false)", stride));
  add_rectified(lines, fmt::format("Conv2D({}, 1, use_bias=false)", filters));
}

}  // namespace mote
