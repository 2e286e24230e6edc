// Random int8 models of operators that can run by rows, with branches that are added again.
#pragma once
#include <algorithm>
#include <vector>

#include "device/pool.h"
#include "ops/add/add.h"
#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "toolchain/base/random.h"
#include "toolchain/graph/graph.h"

namespace mote {

class RowModel {
 public:
  explicit RowModel(uint64_t seed) : random_(seed) {
    last_ = activation(make_shape({1, draw(8) + 9, draw(9), draw(5)}));
    graph_.inputs = {last_};
    const int32_t nodes = 2 + draw(6);
    for (int32_t i = 0; i < nodes; ++i) add_node();
    graph_.outputs = {last_};
    graph_.input_names = {"in"};
    graph_.output_names = {"out"};
  }
  const Graph& graph() const { return graph_; }
  std::vector<uint8_t> input() {
    std::vector<uint8_t> bytes(static_cast<size_t>(graph_.tensors[0].type.bytes()));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_.below(256));
    return bytes;
  }

 private:
  int32_t draw(uint32_t most) { return 1 + static_cast<int32_t>(random_.below(most)); }
  const Shape& shape_of(int32_t tensor) const { return graph_.tensors[tensor].type.shape; }

  int32_t activation(Shape shape, int32_t zero_point = 999) {
    if (zero_point == 999) zero_point = static_cast<int32_t>(random_.below(256)) - 128;
    graph_.tensors.push_back({"t" + std::to_string(graph_.tensors.size()),
                              {DType::int8, shape, {{0.5f}, {zero_point}, 0}},
                              false,
                              false,
                              {}});
    return static_cast<int32_t>(graph_.tensors.size()) - 1;
  }

  void add_node() {
    const uint32_t kind = random_.below(8);
    if (kind < 3) return add_convolution();
    if (kind < 5) return add_depthwise();
    if (kind == 5) return add_pool();
    if (kind == 6) return add("relu6", Attributes(), {last_}, activation(shape_of(last_)));
    for (int32_t other = 0; other < last_; ++other) {
      const bool alike = !graph_.tensors[other].constant && shape_of(other) == shape_of(last_);
      if (alike) return add("add", Attributes::of(AddAttributes{}), {last_, other}, activation(shape_of(last_)));
    }
    add_convolution();
  }

  // A window that fits also without padding.
  int32_t filter(int32_t image, int32_t dilation) { return 1 + std::min(draw(4) - 1, (image - 1) / dilation); }

  void add_convolution() {
    const Shape& x = shape_of(last_);
    const bool alike = random_.below(2) == 0;  // that an addition may follow
    Conv2DAttributes a{static_cast<int8_t>(alike ? 0 : random_.below(2)), 1, 1, Activation::none, 1, 1};
    if (!alike) a.stride_h = draw(2), a.stride_w = draw(2), a.dilation_h = draw(2);
    const Shape weights = make_shape({alike ? x[3] : draw(12), filter(x[1], a.dilation_h), filter(x[2], 1), x[3]});
    Conv2DGeometry g{};
    conv_2d_geometry(a, x, weights, g);
    add_weighted("conv_2d", Attributes::of(a), weights, 0, conv_2d_output(g));
  }

  void add_depthwise() {
    const Shape& x = shape_of(last_);
    DepthwiseConv2DAttributes a{static_cast<int8_t>(random_.below(2)), draw(2), draw(2), 1, Activation::none, 1, 1};
    a.dilation_w = draw(2);
    a.depth_multiplier = random_.below(4) == 0 ? 2 : 1;
    const Shape weights = make_shape({1, filter(x[1], 1), filter(x[2], a.dilation_w), x[3] * a.depth_multiplier});
    DepthwiseConv2DGeometry g{};
    depthwise_conv_2d_geometry(a, x, weights, g);
    add_weighted("depthwise_conv_2d", Attributes::of(a), weights, 3, depthwise_conv_2d_output(g));
  }

  void add_pool() {
    const Shape& x = shape_of(last_);
    const PoolAttributes a{
        static_cast<int8_t>(random_.below(2)), draw(2), draw(2), filter(x[2], 1), filter(x[1], 1), Activation::none};
    PoolGeometry g{};
    pool_geometry(a, x, g);
    const int32_t zero_point = graph_.tensors[last_].type.quant.zero_points[0];
    add(random_.below(2) == 0 ? "max_pool_2d" : "average_pool_2d", Attributes::of(a), {last_},
        activation(pool_output(g), zero_point));
  }

  void add_weighted(const char* op, Attributes attributes, Shape shape, int32_t axis, Shape output) {
    const auto channels = static_cast<size_t>(shape[axis]);
    Tensor weights{std::string(op) + "_weights", {DType::int8, shape, {}}, true, false, {}};
    Tensor biases{std::string(op) + "_bias", {DType::int32, make_shape({shape[axis]}), {}}, true, false, {}};
    for (int32_t i = 0; i < shape.elements(); ++i)
      weights.data.push_back(static_cast<uint8_t>(static_cast<int32_t>(random_.below(255)) - 127));
    for (size_t c = 0; c < channels; ++c) {
      const int32_t value = static_cast<int32_t>(random_.below(2001)) - 1000;
      const auto* const bytes = reinterpret_cast<const uint8_t*>(&value);
      biases.data.insert(biases.data.end(), bytes, bytes + sizeof value);
    }
    weights.type.quant = {std::vector<float>(channels, 0.01f), std::vector<int32_t>(channels, 0), axis};
    biases.type.quant = {std::vector<float>(channels, 0.005f), std::vector<int32_t>(channels, 0), 0};
    const auto next = static_cast<int32_t>(graph_.tensors.size());
    graph_.tensors.push_back(weights);
    graph_.tensors.push_back(biases);
    const int32_t input = last_;
    add(op, attributes, {input, next, next + 1}, activation(output));
  }

  void add(const char* op, Attributes attributes, std::vector<int32_t> inputs, int32_t output) {
    const OpDef* const def = find_op(op);
    if (def->tflite_options == 0) attributes = def->default_attributes();
    graph_.nodes.push_back({def, op, attributes, std::move(inputs), {output}, ""});
    last_ = output;
  }

  Random random_;
  Graph graph_;
  int32_t last_ = 0;
};

}  // namespace mote
