// What the layers that join branches have in common.
#pragma once
#include <fmt/format.h>

#include <algorithm>

#include "toolchain/graph/layers/layer.h"

namespace mote {

// The tensors named, behind current() unless that is among them. `fits`: whether a tensor of this shape can be joined
// with current().
template <class Fits>
Result<std::vector<int32_t>> joined(GraphBuilder& builder, const LayerValue& names, const Fits& fits) {
  std::vector<int32_t> tensors;
  for (const std::string& name : names.words) {
    MOTE_TRY(const int32_t tensor, builder.named(name, names.column));
    const Shape& shape = builder.shape_of(tensor);
    if (!fits(shape))
      return layer_error(names.column, fmt::format("'{}' has shape {}, which does not fit", name, to_string(shape)));
    tensors.push_back(tensor);
  }
  if (std::count(tensors.begin(), tensors.end(), builder.current()) == 0)
    tensors.insert(tensors.begin(), builder.current());
  if (tensors.size() < 2) return layer_error(names.column, "it needs the name of another output");
  return tensors;
}

}  // namespace mote
