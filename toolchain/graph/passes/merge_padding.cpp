#include <algorithm>
#include <optional>
#include <string>

#include "device/pool.h"
#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/pad/pad.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

bool is_operator(const Node& node, const char* name) {
  return node.op != nullptr && std::string(name) == node.op->name;
}

// What a pad puts around its input.
struct Padding2D {
  WindowBorder height, width;
  int32_t value = 0;  // stored
};

std::optional<WindowBorder> border(const PadAttributes& a, int32_t dimension) {
  const int32_t before = a.before[dimension], after = a.after[dimension];
  if (before > INT16_MAX || after > INT16_MAX) return std::nullopt;
  return WindowBorder{static_cast<int16_t>(before), static_cast<int16_t>(after)};
}

// nullopt: not a pad of the height and width of an image alone, or one that changes what the stored numbers mean.
std::optional<Padding2D> padding_of(const Graph& graph, const Node& node) {
  const bool has_value = is_operator(node, "padv2");
  if (!has_value && !is_operator(node, "pad")) return std::nullopt;
  const TensorType &input = graph.tensors[node.inputs[0]].type, &output = graph.tensors[node.outputs[0]].type;
  const auto a = node.attributes.as<PadAttributes>();
  if (input.dtype != DType::int8 || input.shape.rank != 4 || input.quant != output.quant ||
      a.before[0] + a.after[0] + a.before[3] + a.after[3] != 0)
    return std::nullopt;
  const auto height = border(a, 1), width = border(a, 2);
  if (!height || !width) return std::nullopt;
  Padding2D padding{*height, *width, output.quant.zero_points.at(0)};
  if (!has_value) return padding;
  const Tensor& value = graph.tensors[node.inputs[2]];
  if (!value.constant) return std::nullopt;
  padding.value = static_cast<int8_t>(value.data.at(0));
  return padding;
}

// Every window along the axis has an element of the image.
bool reaches_image(const WindowAxis& a) {
  const int32_t span = (a.filter - 1) * a.dilation + 1;
  return a.before < span && (a.output - 1) * a.stride - a.before < a.input;
}

// Taps outside the image count as zero there.
bool takes_zeros(const Graph& graph, const Node& node, const Padding2D& padding) {
  return padding.value == graph.tensors[node.inputs[0]].type.quant.zero_points.at(0);
}

// Both axes of a window operator with the padding taken in, if they then see what they see now.
template <class A, class Geometry, class MakeGeometry>
std::optional<Attributes> with_border(const Node& node, const Padding2D& padding, const MakeGeometry& make) {
  A attributes = node.attributes.as<A>();
  const auto is_empty = [](WindowBorder b) { return b.before == 0 && b.after == 0; };
  if (!is_empty(attributes.border_h) || !is_empty(attributes.border_w)) return std::nullopt;
  attributes.border_h = padding.height;
  attributes.border_w = padding.width;
  Geometry g{};
  if (!make(attributes, g) || !reaches_image(g.y) || !reaches_image(g.x)) return std::nullopt;
  return Attributes::of(attributes);
}

// The reader's attributes when it reads `image` instead, or nullopt when its bytes would change.
std::optional<Attributes> merged(const Graph& graph, const Node& reader, int32_t image, const Padding2D& padding) {
  const Shape& input = graph.tensors[image].type.shape;
  if (is_operator(reader, "conv_2d") && takes_zeros(graph, reader, padding))
    return with_border<Conv2DAttributes, Conv2DGeometry>(reader, padding, [&](const auto& a, auto& g) {
      return conv_2d_geometry(a, input, graph.tensors[reader.inputs[1]].type.shape, g);
    });
  if (is_operator(reader, "depthwise_conv_2d") && takes_zeros(graph, reader, padding))
    return with_border<DepthwiseConv2DAttributes, DepthwiseConv2DGeometry>(
        reader, padding, [&](const auto& a, auto& g) {
          return depthwise_conv_2d_geometry(a, input, graph.tensors[reader.inputs[1]].type.shape, g);
        });
  if (is_operator(reader, "max_pool_2d") && padding.value == INT8_MIN)
    return with_border<PoolAttributes, PoolGeometry>(
        reader, padding, [&](const auto& a, auto& g) { return pool_geometry(a, input, g); });
  return std::nullopt;
}

// All that reads `node`'s output reads its input instead. False: something would see the difference.
bool merge(Graph& graph, const Node& node, const Padding2D& padding) {
  const int32_t image = node.inputs[0], padded = node.outputs[0];
  if (std::count(graph.outputs.begin(), graph.outputs.end(), padded) != 0) return false;
  std::vector<std::pair<Node*, Attributes>> readers;
  for (Node& reader : graph.nodes) {
    const auto uses = std::count(reader.inputs.begin(), reader.inputs.end(), padded);
    if (uses == 0) continue;
    const auto attributes = merged(graph, reader, image, padding);
    if (uses != 1 || reader.inputs[0] != padded || !attributes) return false;
    readers.emplace_back(&reader, *attributes);
  }
  for (auto& [reader, attributes] : readers) {
    reader->inputs[0] = image;
    reader->attributes = attributes;
  }
  return !readers.empty();
}

}  // namespace

int32_t merge_padding(Graph& graph) {
  int32_t count = 0;
  for (const Node& node : graph.nodes) {
    const auto padding = padding_of(graph, node);
    if (padding && merge(graph, node, *padding)) ++count;
  }
  if (count > 0) remove_unused(graph);
  return count;
}

}  // namespace mote
