// For tests: conv_2d 1 x 1 -> depthwise_conv_2d 3 x 3 -> conv_2d, int8, in which some channels do not depend on the
// input.
#pragma once
#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "toolchain/graph/graph.h"

namespace mote {

struct ConstantChannelsModel {
  static constexpr int32_t kChannels = 12, kOutputs = 5, kZeroPoint = -20;
  int32_t constant = 6;     // of the channels between the convolutions, from the second on
  int32_t bias = 0;         // of those: 0 makes them hold the zero point
  bool dead_scale = false;  // they have weights, but a scale that leaves nothing of them
  int32_t filter = 1;       // of the last convolution, with SAME padding

  Graph graph() const {
    Graph g;
    const int32_t input = activation(g, "in", make_shape({1, 6, 5, 3}), 3);
    const int32_t first = activation(g, "first", make_shape({1, 6, 5, kChannels}), kZeroPoint);
    const int32_t second = activation(g, "second", make_shape({1, 6, 5, kChannels}), kZeroPoint);
    const int32_t last = activation(g, "last", make_shape({1, 6, 5, kOutputs}), 7);
    Conv2DAttributes conv;
    conv.stride_h = conv.stride_w = 1;
    DepthwiseConv2DAttributes depthwise;
    depthwise.stride_h = depthwise.stride_w = depthwise.depth_multiplier = 1;
    node(g, "conv_2d", Attributes::of(conv), input, make_shape({kChannels, 1, 1, 3}), 0, true, first);
    node(g, "depthwise_conv_2d", Attributes::of(depthwise), first, make_shape({1, 3, 3, kChannels}), 3, true, second);
    node(g, "conv_2d", Attributes::of(conv), second, make_shape({kOutputs, filter, filter, kChannels}), 0, false, last);
    g.inputs = {input};
    g.outputs = {last};
    g.input_names = {"in"};
    g.output_names = {"out"};
    return g;
  }

 private:
  static int32_t activation(Graph& g, const char* name, Shape shape, int32_t zero_point) {
    g.tensors.push_back({name, {DType::int8, shape, {{0.5f}, {zero_point}, 0}}, false, false, {}});
    return static_cast<int32_t>(g.tensors.size()) - 1;
  }

  // `axis`: of the channels; constant ones, when it has them, have weights of zeros or a dead scale.
  void node(Graph& g, const char* op, Attributes attributes, int32_t input, Shape shape, int32_t axis, bool constants,
            int32_t output) const {
    const int32_t channels = shape[axis], inner = axis == 0 ? shape.elements() / channels : 1;
    Tensor weights{std::string(op) + "_weights", {DType::int8, shape, {}}, true, false, {}};
    Tensor biases{std::string(op) + "_bias", {DType::int32, make_shape({channels}), {}}, true, false, {}};
    const auto is_constant = [&](int32_t c) { return constants && c >= 1 && c <= constant; };
    for (int32_t i = 0; i < shape.elements(); ++i) {
      const int32_t value = i * 37 % 101 - 50;
      weights.data.push_back(is_constant(i / inner % channels) && !dead_scale ? 0 : static_cast<uint8_t>(value));
    }
    for (int32_t c = 0; c < channels; ++c) {
      const int32_t value = is_constant(c) ? bias : 40 * c - 100;
      const float scale = is_constant(c) && dead_scale ? 1e-12f : 0.01f;
      const auto* const bytes = reinterpret_cast<const uint8_t*>(&value);
      biases.data.insert(biases.data.end(), bytes, bytes + sizeof value);
      weights.type.quant.scales.push_back(scale);
      biases.type.quant.scales.push_back(0.5f * scale);
    }
    weights.type.quant.axis = axis;
    weights.type.quant.zero_points.assign(static_cast<size_t>(channels), 0);
    biases.type.quant.zero_points = weights.type.quant.zero_points;
    const auto next = static_cast<int32_t>(g.tensors.size());
    g.tensors.push_back(weights);
    g.tensors.push_back(biases);
    g.nodes.push_back({find_op(op), op, attributes, {input, next, next + 1}, {output}, ""});
  }
};

}  // namespace mote
