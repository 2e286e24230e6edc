// For tests: a pad or padv2 of an image and windows that read what it gives, each for an output of its own.
#pragma once
#include <optional>

#include "device/pool.h"
#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/pad/pad.h"
#include "toolchain/graph/graph.h"

namespace mote {

struct PaddingModel {
  std::vector<std::string> readers = {"conv_2d"};
  bool integer = true;
  int32_t zero_point = -20;           // of the image
  std::optional<int32_t> value = {};  // stored; given: a padv2
  int32_t top = 1, bottom = 1, left = 1, right = 1, channels_after = 0;
  int32_t height = 6, width = 5, channels = 4, filter = 3, stride = 1, dilation = 1;
  Padding padding = Padding::valid;

  Graph graph() const {
    Graph g;
    const int32_t image = tensor(g, "image", make_shape({1, height, width, channels}), zero_point);
    const Shape shape = make_shape({1, top + height + bottom, left + width + right, channels + channels_after});
    const int32_t padded = tensor(g, "padded", shape, zero_point);
    add_pad(g, image, padded);
    for (const std::string& reader : readers) add_reader(g, reader, padded);
    g.inputs = {image};
    g.input_names = {"image"};
    for (size_t i = 0; i < g.outputs.size(); ++i) g.output_names.push_back("output_" + std::to_string(i));
    return g;
  }

 private:
  int32_t tensor(Graph& g, const std::string& name, Shape shape, int32_t zero) const {
    TensorType type{DType::float32, shape, {}};
    if (integer) type = {DType::int8, shape, {{0.5f}, {zero}, 0}};
    g.tensors.push_back({name, type, false, false, {}});
    return static_cast<int32_t>(g.tensors.size()) - 1;
  }
  template <class T>
  static int32_t constant(Graph& g, const char* name, TensorType type, const std::vector<T>& values) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(values.data());
    g.tensors.push_back({name, std::move(type), true, false, {bytes, bytes + values.size() * sizeof(T)}});
    return static_cast<int32_t>(g.tensors.size()) - 1;
  }

  void add_pad(Graph& g, int32_t image, int32_t padded) const {
    PadAttributes a;
    a.before[1] = top, a.after[1] = bottom, a.before[2] = left, a.after[2] = right, a.after[3] = channels_after;
    const std::vector<int32_t> pads = {0, 0, top, bottom, left, right, 0, channels_after};
    std::vector<int32_t> inputs = {image, constant(g, "paddings", {DType::int32, make_shape({4, 2}), {}}, pads)};
    const TensorType scalar{integer ? DType::int8 : DType::float32, make_shape({1}), g.tensors[image].type.quant};
    if (value && integer) inputs.push_back(constant<int8_t>(g, "value", scalar, {static_cast<int8_t>(*value)}));
    if (value && !integer) inputs.push_back(constant<float>(g, "value", scalar, {static_cast<float>(*value)}));
    const OpDef* const op = find_op(value ? "padv2" : "pad");
    g.nodes.push_back({op, "pad", Attributes::of(a), inputs, {padded}, ""});
  }

  void add_reader(Graph& g, const std::string& reader, int32_t padded) const {
    const int32_t depth = g.tensors[padded].type.shape[3];
    Node node{find_op(reader), reader, {}, {padded}, {}, ""};
    if (reader == "conv_2d") {
      Conv2DAttributes a;
      a.padding = static_cast<int8_t>(padding), a.stride_h = a.stride_w = stride,
      a.dilation_h = a.dilation_w = dilation;
      node.attributes = Attributes::of(a);
      add_weights(g, node, make_shape({5, filter, filter, depth}), 5);
    } else if (reader == "depthwise_conv_2d") {
      DepthwiseConv2DAttributes a;
      a.padding = static_cast<int8_t>(padding), a.stride_h = a.stride_w = stride,
      a.dilation_h = a.dilation_w = dilation;
      a.depth_multiplier = 1;
      node.attributes = Attributes::of(a);
      add_weights(g, node, make_shape({1, filter, filter, depth}), depth);
    } else {
      PoolAttributes a;
      a.padding = static_cast<int8_t>(padding), a.stride_h = a.stride_w = stride, a.filter_h = a.filter_w = filter;
      node.attributes = Attributes::of(a);
    }
    const auto shapes = node.op->infer(node.attributes, input_types(g, node));
    const bool pool = node.inputs.size() == 1;
    node.outputs = {tensor(g, reader, shapes.ok() ? (*shapes)[0] : Shape{}, pool ? zero_point : 7)};
    g.outputs.push_back(node.outputs[0]);
    g.nodes.push_back(node);
  }

  void add_weights(Graph& g, Node& node, Shape shape, int32_t outputs) const {
    const TensorType type{integer ? DType::int8 : DType::float32, shape,
                          integer ? QuantParams{{0.01f}, {0}, 0} : QuantParams{}};
    std::vector<int8_t> stored;
    std::vector<float> real;
    for (int32_t i = 0; i < shape.elements(); ++i) {
      stored.push_back(static_cast<int8_t>(i * 37 % 101 - 50));
      real.push_back(0.25f * static_cast<float>(stored.back()));
    }
    node.inputs.push_back(integer ? constant(g, "weights", type, stored) : constant(g, "weights", type, real));
    std::vector<int32_t> bias;
    for (int32_t i = 0; i < outputs; ++i) bias.push_back(40 * i - 100);
    const std::vector<float> real_bias(bias.begin(), bias.end());
    const TensorType bias_type{integer ? DType::int32 : DType::float32, make_shape({outputs}),
                               integer ? QuantParams{{0.005f}, {0}, 0} : QuantParams{}};
    node.inputs.push_back(integer ? constant(g, "bias", bias_type, bias) : constant(g, "bias", bias_type, real_bias));
  }
};

}  // namespace mote
