// Concat(x, ...): the channels of the output before, unless it is among those named, and of those named.
#include "ops/concatenation/concatenation.h"

#include "toolchain/graph/layers/join.h"

namespace mote {

namespace {
namespace concat_form {

constexpr const char* kNames[] = {"Concat"};
constexpr const char* kAliases[] = {"Concatenate"};
constexpr LayerParameter kParameters[] = {{"outputs", LayerParameter::Kind::names, nullptr}};

Result<void> add(GraphBuilder& builder, const LayerArguments& arguments) {
  const auto fits = [&](Shape other) {
    const Shape& shape = builder.shape();
    if (other.rank != shape.rank) return false;
    other.dims[other.rank - 1] = shape.last();
    return other == shape;
  };
  MOTE_TRY(std::vector<int32_t> tensors, joined(builder, arguments.value(0), fits));
  ConcatenationAttributes attributes;
  attributes.axis = builder.shape().rank - 1;
  return builder.add_joining_node("concatenation", Attributes::of(attributes), std::move(tensors));
}

constexpr LayerForm kForm = {kNames,      kAliases,          "the channels with those of earlier outputs, by name",
                             kParameters, FirstInput::as_is, add};

}  // namespace concat_form
}  // namespace

extern const LayerForm concat_layer;
const LayerForm concat_layer = concat_form::kForm;

}  // namespace mote
