// Batch normalization with its running statistics is y = x * scale + offset per channel.
#include <algorithm>
#include <cmath>

#include "device/window.h"
#include "ops/add/add.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "ops/mul/mul.h"
#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/passes/matching.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

void remove_dropout(Graph& graph) {
  for (const Node& dropout : graph.nodes) {
    if (!is_op(dropout, "dropout")) continue;
    const auto rename = [&](std::vector<int32_t>& list) {
      std::replace(list.begin(), list.end(), dropout.outputs[0], dropout.inputs[0]);
    };
    for (Node& node : graph.nodes)
      if (&node != &dropout) rename(node.inputs);
    rename(graph.outputs);
  }
  std::erase_if(graph.nodes, [](const Node& node) { return is_op(node, "dropout"); });
}

struct Affine {
  std::vector<float> scale, offset;
};

Affine affine_of(const Graph& graph, const Node& norm) {
  const auto input = [&](size_t i) { return graph.tensors[norm.inputs[i]].floats(); };
  const std::span<const float> gamma = input(1), beta = input(2), mean = input(3), variance = input(4);
  const double epsilon = norm.attributes.as<BatchNormAttributes>().epsilon;
  Affine affine;
  for (size_t c = 0; c < gamma.size(); ++c) {
    const double scale = gamma[c] / std::sqrt(double{variance[c]} + epsilon);
    affine.scale.push_back(static_cast<float>(scale));
    affine.offset.push_back(static_cast<float>(beta[c] - mean[c] * scale));
  }
  return affine;
}

// The node whose weights can take the affine map, or nullptr.
Node* foldable_producer(Graph& graph, const Node& norm) {
  const int32_t between = norm.inputs[0];
  if (readers(graph, between) != 1) return nullptr;
  for (Node& node : graph.nodes) {
    if (node.outputs[0] != between) continue;
    const bool weighted = is_op(node, "conv_2d") || is_op(node, "depthwise_conv_2d") || is_op(node, "fully_connected");
    if (!weighted || fused_activation(node) != Activation::none) return nullptr;
    const auto own = [&](int32_t tensor) {
      return graph.tensors[tensor].constant && graph.tensors[tensor].type.dtype == DType::float32 &&
             readers(graph, tensor) == 1;
    };
    const bool bias = node.inputs.size() > 2 && node.inputs[2] != kAbsent;
    return own(node.inputs[1]) && (!bias || own(node.inputs[2])) ? &node : nullptr;
  }
  return nullptr;
}

int32_t add_constant(Graph& graph, const std::string& name, const Shape& shape, std::span<const float> values) {
  Tensor tensor{name, {DType::float32, shape, {}}, true, true, {}};
  tensor.data.resize(values.size_bytes());
  std::ranges::copy(values, tensor.floats().begin());
  graph.tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(graph.tensors.size()) - 1;
}

void fold_into(Graph& graph, Node& node, const Affine& affine) {
  Tensor& weights = graph.tensors[node.inputs[1]];
  const Shape& shape = weights.type.shape;
  const int32_t axis = node.op->quant.channel_axis;
  int64_t inner = 1;
  for (int32_t d = axis + 1; d < shape.rank; ++d) inner *= shape[d];
  const std::span<float> values = weights.floats();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] *= affine.scale[i / static_cast<size_t>(inner) % affine.scale.size()];
  if (node.inputs.size() < 3 || node.inputs[2] == kAbsent) {
    node.inputs.resize(3);
    const auto channels = static_cast<int32_t>(affine.offset.size());
    node.inputs[2] = add_constant(graph, node.name + "/bias", make_shape({channels}), affine.offset);
    return;
  }
  const std::span<float> bias = graph.tensors[node.inputs[2]].floats();
  for (size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * affine.scale[c] + affine.offset[c];
}

// In place of a batch_norm that nothing before it can take: on an image, a depthwise convolution of one pixel, whose
// weights have a scale per channel when they are quantized; else a product and a sum.
std::vector<Node> as_nodes(Graph& graph, const Node& norm, const Affine& affine) {
  const Shape shape = graph.tensors[norm.inputs[0]].type.shape;
  const int32_t channels = shape.last();
  const Shape row = make_shape({channels});
  const int32_t offset = add_constant(graph, norm.name + "/offset", row, affine.offset);
  if (shape.rank == 4) {
    DepthwiseConv2DAttributes a;
    a.padding = static_cast<int8_t>(Padding::valid);
    a.stride_h = a.stride_w = a.depth_multiplier = 1;
    const int32_t scale = add_constant(graph, norm.name + "/scale", make_shape({1, 1, 1, channels}), affine.scale);
    return {{find_op("depthwise_conv_2d"),
             norm.name,
             Attributes::of(a),
             {norm.inputs[0], scale, offset},
             norm.outputs,
             ""}};
  }
  const int32_t scale = add_constant(graph, norm.name + "/scale", row, affine.scale);
  const auto product = static_cast<int32_t>(graph.tensors.size());
  graph.tensors.push_back({norm.name + "/mul", {DType::float32, shape, {}}, false, false, {}});
  return {{find_op("mul"), norm.name + "/mul", Attributes::of(MulAttributes{}), {norm.inputs[0], scale}, {product}, ""},
          {find_op("add"), norm.name, Attributes::of(AddAttributes{}), {product, offset}, norm.outputs, ""}};
}

void replace_batch_norms(Graph& graph) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!is_op(graph.nodes[i], "batch_norm")) continue;
    const Node norm = graph.nodes[i];
    const Affine affine = affine_of(graph, norm);
    const Activation activation = norm.attributes.as<BatchNormAttributes>().activation;
    const auto place = graph.nodes.begin() + static_cast<int64_t>(i);
    if (Node* const producer = foldable_producer(graph, norm); producer != nullptr) {
      fold_into(graph, *producer, affine);
      set_fused_activation(*producer, activation);
      producer->outputs = norm.outputs;
      graph.nodes.erase(place);
      --i;
      continue;
    }
    std::vector<Node> nodes = as_nodes(graph, norm, affine);
    set_fused_activation(nodes.back(), activation);
    graph.nodes.insert(graph.nodes.erase(place), nodes.begin(), nodes.end());
  }
}

// LiteRT refuses or reads blindly the bias that a convolution has not, TFLM that of a depthwise one; TensorFlow's
// converter writes zeros, and so does this.
void complete_biases(Graph& graph) {
  for (Node& node : graph.nodes) {
    if (!is_op(node, "conv_2d") && !is_op(node, "depthwise_conv_2d")) continue;
    if (node.inputs.size() > 2 && node.inputs[2] != kAbsent) continue;
    node.inputs.resize(3);
    const std::vector<float> zeros(static_cast<size_t>(graph.tensors[node.outputs[0]].type.shape.last()), 0.0f);
    node.inputs[2] = add_constant(graph, node.name + "/bias", make_shape({static_cast<int32_t>(zeros.size())}), zeros);
  }
}

}  // namespace

void to_inference_form(Graph& graph) {
  remove_dropout(graph);
  replace_batch_norms(graph);
  complete_biases(graph);
  unroll_grus(graph);
  remove_unused(graph);
  fuse_activations(graph);
}

}  // namespace mote
