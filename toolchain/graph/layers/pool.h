// What the layers that pool have in common.
#pragma once
#include "device/pool.h"
#include "device/reduce.h"
#include "toolchain/graph/layers/layer.h"

namespace mote {

inline constexpr LayerParameter kPoolParameters[] = {
    {"pool_size", LayerParameter::Kind::extent, "2"},
    {"strides", LayerParameter::Kind::extent, "none"},  // pool_size
    {"padding", LayerParameter::Kind::padding, "valid"},
};

inline Result<void> add_pool(GraphBuilder& builder, const char* op, const LayerArguments& arguments) {
  MOTE_CHECK(builder.to_windows());
  const LayerValue& written = arguments.value(1);
  MOTE_TRY(const Extent size, builder.extent(arguments.value(0)));
  MOTE_TRY(const Extent strides, written.sizes.empty() ? Result<Extent>(size) : builder.extent(written));
  if (arguments.value(2).word == "causal")
    return layer_error(arguments.value(2).column, "a pool has padding valid or same");
  const bool same = arguments.value(2).word == "same";
  PoolAttributes attributes;
  attributes.padding = static_cast<int8_t>(same ? Padding::same : Padding::valid);
  attributes.filter_h = size.height, attributes.filter_w = size.width;
  attributes.stride_h = strides.height, attributes.stride_w = strides.width;
  return builder.add_node(op, Attributes::of(attributes));
}

// Over all steps or pixels.
inline Result<void> add_global_pool(GraphBuilder& builder, const char* op) {
  MOTE_CHECK(builder.to_windows());
  const int32_t axes = builder.add_integers("axes", make_shape({2}), {1, 2});
  return builder.add_node(op, Attributes::of(ReduceAttributes{false, 0b110}), {{axes}});
}

}  // namespace mote
