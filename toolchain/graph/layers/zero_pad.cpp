// ZeroPad(padding...): zeros around the steps or the image.
#include "toolchain/graph/layers/layer.h"

namespace mote {

namespace {
namespace zero_pad_form {

constexpr const char* kNames[] = {"ZeroPad", "ZeroPad1D", "ZeroPad2D"};
constexpr const char* kAliases[] = {"ZeroPadding1D", "ZeroPadding2D"};
constexpr LayerParameter kParameters[] = {{"padding", LayerParameter::Kind::margins, "1"}};

// One number: at every side. Two: before and after the steps, or for rows and columns. Four: top, bottom, left, right.
Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  MOTE_CHECK(builder.to_windows());
  const std::vector<int32_t>& n = arguments.sizes(0);
  const size_t most = builder.is_sequence() ? 2 : 4;
  if (n.size() > most || n.size() == 3)
    return layer_error(arguments.value(0).column,
                       builder.is_sequence() ? "expected one number, or two for before and after"
                                             : "expected one number, two for rows and columns, or four for top, "
                                               "bottom, left and right");
  if (builder.is_sequence()) return builder.add_padding({0, n[0]}, {0, n.back()});
  if (n.size() == 4) return builder.add_padding({n[0], n[2]}, {n[1], n[3]});
  return builder.add_padding({n[0], n.back()}, {n[0], n.back()});
}

constexpr LayerForm kForm = {kNames, kAliases, "zeros around the steps or the image", kParameters, FirstInput::sequence,
                             add};

}  // namespace zero_pad_form
}  // namespace

extern const LayerForm zero_pad_layer;
const LayerForm zero_pad_layer = zero_pad_form::kForm;

}  // namespace mote
