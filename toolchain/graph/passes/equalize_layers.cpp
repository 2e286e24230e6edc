// Cross-layer equalization (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
// Correction", section 4.1): for s > 0, relu(s x) = s relu(x), so a channel may be made smaller in one layer and larger
// in the next. With s = sqrt(r1 / r2), where r1 and r2 are the channel's largest weights in both, they become equal.
#include <algorithm>
#include <cmath>

#include "toolchain/base/quant_params.h"
#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/passes/matching.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

bool is_layer(const Node& node) {
  return is_op(node, "conv_2d") || is_op(node, "depthwise_conv_2d") || is_op(node, "fully_connected");
}

bool own_constant(const Graph& graph, int32_t tensor) {
  return tensor != kAbsent && graph.tensors[tensor].constant && graph.tensors[tensor].type.dtype == DType::float32 &&
         readers(graph, tensor) == 1;
}

// Weights seen from the channels of the layer's input: index of the channel of every weight.
struct InputChannels {
  int64_t channels = 0, inner = 1;  // channel of weight i: i / inner % channels
};
InputChannels input_channels(const Graph& graph, const Node& node, int64_t channels) {
  const Shape& shape = graph.tensors[node.inputs[1]].type.shape;
  const bool dense = is_op(node, "fully_connected");
  if (!dense && graph.tensors[node.inputs[0]].type.shape.last() != channels) return {};
  if (is_op(node, "depthwise_conv_2d")) {  // [1, h, w, channels x multiplier]: a channel's outputs stand together
    const int64_t multiplier = shape.last() / channels;
    return {shape.last() % channels == 0 ? channels : 0, multiplier};
  }
  return {shape.last() % channels == 0 ? channels : 0, 1};  // a flattened image has its channels last
}

// The layer that alone reads what `first` gives, through operators that keep channels apart and scale with them.
Node* next_layer(Graph& graph, const Node& first) {
  int32_t tensor = first.outputs[0];
  for (Node& node : graph.nodes) {
    if (node.inputs.empty() || node.inputs[0] != tensor) continue;
    if (readers(graph, tensor) != 1) return nullptr;
    if (is_layer(node)) return own_constant(graph, node.inputs[1]) ? &node : nullptr;
    const bool keeps = is_op(node, "max_pool_2d") || is_op(node, "average_pool_2d") || is_op(node, "relu") ||
                       is_op(node, "reshape") || is_op(node, "mean") || is_op(node, "pad");
    const Activation activation = fused_activation(node).value_or(Activation::none);
    if (!keeps || (activation != Activation::none && activation != Activation::relu)) return nullptr;
    if (is_op(node, "mean") &&
        graph.tensors[node.outputs[0]].type.shape.last() != graph.tensors[tensor].type.shape.last())
      return nullptr;
    tensor = node.outputs[0];
  }
  return nullptr;
}

// Largest change of a channel's factor, as a logarithm.
double equalize(Graph& graph, const Node& first, const Node& second) {
  const ChannelLayout outputs(graph.tensors[first.inputs[1]].type.shape, first.op->quant.channel_axis);
  const InputChannels inputs = input_channels(graph, second, outputs.channels);
  if (inputs.channels == 0) return 0;
  const std::span<float> from = graph.tensors[first.inputs[1]].floats(), to = graph.tensors[second.inputs[1]].floats();
  const auto input_channel = [&](size_t i) {
    return static_cast<size_t>(static_cast<int64_t>(i) / inputs.inner % inputs.channels);
  };
  std::vector<float> largest_from(static_cast<size_t>(outputs.channels)), largest_to(largest_from);
  for (size_t i = 0; i < from.size(); ++i) {
    float& seen = largest_from[static_cast<size_t>(outputs.channel_of(static_cast<int64_t>(i)))];
    seen = std::max(seen, std::fabs(from[i]));
  }
  for (size_t i = 0; i < to.size(); ++i) {
    float& seen = largest_to[input_channel(i)];
    seen = std::max(seen, std::fabs(to[i]));
  }
  double change = 0;
  std::vector<float> factor(largest_from.size(), 1.0f);
  for (size_t c = 0; c < factor.size(); ++c) {
    if (largest_from[c] < 1e-20f || largest_to[c] < 1e-20f) continue;  // a dead channel
    factor[c] = std::sqrt(largest_from[c] / largest_to[c]);
    change = std::max(change, std::fabs(std::log(double{factor[c]})));
  }
  for (size_t i = 0; i < from.size(); ++i)
    from[i] /= factor[static_cast<size_t>(outputs.channel_of(static_cast<int64_t>(i)))];
  if (first.inputs.size() > 2 && first.inputs[2] != kAbsent) {
    const std::span<float> bias = graph.tensors[first.inputs[2]].floats();
    for (size_t c = 0; c < bias.size(); ++c) bias[c] /= factor[c];
  }
  for (size_t i = 0; i < to.size(); ++i) to[i] *= factor[input_channel(i)];
  return change;
}

}  // namespace

int32_t equalize_layers(Graph& graph) {
  constexpr int kMostRounds = 20;
  constexpr double kSettled = 1e-3;
  int32_t pairs = 0;
  for (int round = 0; round < kMostRounds; ++round) {
    double change = 0;
    pairs = 0;
    for (const Node& first : graph.nodes) {
      const Activation activation = fused_activation(first).value_or(Activation::none);
      if (!is_layer(first) || (activation != Activation::none && activation != Activation::relu)) continue;
      const bool bias = first.inputs.size() > 2 && first.inputs[2] != kAbsent;
      if (!own_constant(graph, first.inputs[1]) || (bias && !own_constant(graph, first.inputs[2]))) continue;
      const Node* const second = next_layer(graph, first);
      if (second == nullptr) continue;
      ++pairs;
      change = std::max(change, equalize(graph, first, *second));
    }
    if (change < kSettled) break;
  }
  return pairs;
}

}  // namespace mote
