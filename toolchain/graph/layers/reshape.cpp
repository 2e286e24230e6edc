// Reshape(d0, d1, ...): the same numbers under another shape of one example. One dimension may be -1: what remains.
#include <fmt/format.h>

#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace reshape_form {

constexpr const char* kNames[] = {"Reshape"};
constexpr LayerParameter kParameters[] = {{"target_shape", LayerParameter::Kind::sizes, nullptr}};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  std::vector<int32_t> dims = arguments.sizes(0);
  const size_t column = arguments.value(0).column;
  if (dims.size() + 1 > kMaxRank)
    return layer_error(column, fmt::format("at most {} dimensions are possible", kMaxRank - 1));
  const int64_t elements = builder.shape().elements();  // batch is 1 while building
  int64_t known = 1;
  int32_t* open = nullptr;
  for (int32_t& dim : dims) {
    if (dim == -1)
      open = &dim;
    else
      known *= dim;
    if (known > elements) break;
  }
  if (open != nullptr && elements % known == 0) {
    *open = static_cast<int32_t>(elements / known);
    known = elements;
  }
  if (known != elements)
    return layer_error(column, fmt::format("the sizes do not multiply to the {} numbers of shape {}", elements,
                                           to_string(builder.shape())));
  return builder.add_reshape(dims);
}

constexpr LayerForm kForm = {kNames, {}, "the same numbers under another shape", kParameters, FirstInput::as_is, add};

}  // namespace reshape_form
}  // namespace

extern const LayerForm reshape_layer;
const LayerForm reshape_layer = reshape_form::kForm;

}  // namespace mote
