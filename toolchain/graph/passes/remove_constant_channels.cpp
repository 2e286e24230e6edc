#include <algorithm>
#include <cstring>
#include <optional>

#include "ops/conv_2d/conv_2d.h"
#include "ops/depthwise_conv_2d/depthwise_conv_2d.h"
#include "toolchain/graph/passes/passes.h"

namespace mote {

namespace {

// What each channel of an int8 tensor holds in every pixel, where that is known; empty: of none.
using ChannelValues = std::vector<std::optional<int8_t>>;

int8_t weight_at(const Tensor& weights, int64_t i) {
  return static_cast<int8_t>(weights.data[static_cast<size_t>(i)]);
}

// A convolution or depthwise convolution in int8 whose weights and bias are constants, with one filter per output.
struct Convolution {
  bool depthwise;
  int32_t inputs, outputs, taps;
  bool border;  // some tap of some pixel lies outside the image
  int32_t input_zero;
  Int8Output output;

  // Position of the weight of an input channel.
  int64_t weight(int32_t output_channel, int32_t tap, int32_t input_channel) const {
    return depthwise ? int64_t{tap} * outputs + output_channel
                     : (int64_t{output_channel} * taps + tap) * inputs + input_channel;
  }
  // What a constant channel gives does not depend on the place.
  bool is_even(int8_t value) const { return !border || value == input_zero; }
};

bool leaves_image(const WindowAxis& a) {
  return a.before > 0 || (a.output - 1) * a.stride - a.before + (a.filter - 1) * a.dilation >= a.input;
}

template <class Parameters, class Attributes, class Setup>
std::optional<Parameters> parameters_of(const Graph& graph, const Node& node, Setup setup) {
  const std::vector<TensorType> types = input_types(graph, node);
  EmitCall call;
  call.input_types = types;
  call.output_types = {&graph.tensors[node.outputs[0]].type, 1};
  Parameters p{};
  if (setup(node.attributes.as<Attributes>(), convolution_tensors(call), p) != Status::ok) return std::nullopt;
  return p;
}

std::optional<Convolution> convolution_of(const Graph& graph, const Node& node) {
  if (node.op == nullptr || node.inputs.size() != 3 || node.inputs[1] == kAbsent || node.inputs[2] == kAbsent ||
      !graph.tensors[node.inputs[1]].constant || !graph.tensors[node.inputs[2]].constant ||
      graph.tensors[node.inputs[0]].constant || graph.tensors[node.inputs[0]].type.dtype != DType::int8)
    return std::nullopt;
  const int32_t zero = graph.tensors[node.inputs[0]].type.quant.zero_points.at(0);
  if (std::strcmp(node.op->name, "conv_2d") == 0) {
    const auto p =
        parameters_of<Conv2DInt8, Conv2DAttributes>(graph, node, [](auto&&... all) { return conv_2d_setup(all...); });
    if (!p || p->g.groups() != 1) return std::nullopt;
    const bool border = leaves_image(p->g.y) || leaves_image(p->g.x);
    return Convolution{false, p->g.inputs, p->g.outputs, p->g.y.filter * p->g.x.filter, border, zero, p->output};
  }
  if (std::strcmp(node.op->name, "depthwise_conv_2d") != 0) return std::nullopt;
  const auto p = parameters_of<DepthwiseConv2DInt8, DepthwiseConv2DAttributes>(
      graph, node, [](auto&&... all) { return depthwise_conv_2d_setup(all...); });
  if (!p || p->g.multiplier != 1) return std::nullopt;
  const bool border = leaves_image(p->g.y) || leaves_image(p->g.x);
  return Convolution{true, p->g.inputs, p->g.inputs, p->g.y.filter * p->g.x.filter, border, zero, p->output};
}

// The sum that constant inputs `values` give to an output; nullopt when others take part.
std::optional<uint32_t> constant_sum(const Convolution& c, const Tensor& weights, const ChannelValues& values,
                                     int32_t o) {
  uint32_t sum = 0;
  for (int32_t i = c.depthwise ? o : 0; i < (c.depthwise ? o + 1 : c.inputs); ++i) {
    for (int32_t tap = 0; tap < c.taps; ++tap) {
      const int32_t w = weight_at(weights, c.weight(o, tap, i));
      if (w == 0) continue;
      if (values.empty() || !values[i] || !c.is_even(*values[i])) return std::nullopt;
      sum += static_cast<uint32_t>(w * (*values[i] - c.input_zero));
    }
  }
  return sum;
}

int32_t bias_at(const Tensor& bias, int32_t o) {
  int32_t value;
  std::memcpy(&value, &bias.data[static_cast<size_t>(o) * sizeof value], sizeof value);
  return value;
}

ChannelValues output_values(const Graph& graph, const Node& node, const Convolution& c, const ChannelValues& input) {
  const Tensor &weights = graph.tensors[node.inputs[1]], &bias = graph.tensors[node.inputs[2]];
  const auto& scales = weights.type.quant.scales;
  const ChannelMultiplier multiplier_of(float_bits(graph.tensors[node.inputs[0]].type.quant.scales[0]),
                                        float_bits(graph.tensors[node.outputs[0]].type.quant.scales[0]));
  ChannelValues values(static_cast<size_t>(c.outputs));
  for (int32_t o = 0; o < c.outputs; ++o) {
    Multiplier m{};
    multiplier_of.of(float_bits(scales[scales.size() == 1 ? 0 : static_cast<size_t>(o)]), m);
    const auto sum = m.multiplier == 0 ? std::optional<uint32_t>(0) : constant_sum(c, weights, input, o);
    if (sum)
      values[o] = c.output.any(wrapping_add(bias_at(bias, o), static_cast<int32_t>(*sum)), m.multiplier, m.shift);
  }
  return values;
}

// Data of shape [outer, gone.size(), inner bytes] without some of the middle.
std::vector<uint8_t> without(const std::vector<uint8_t>& data, const std::vector<bool>& gone, size_t inner) {
  std::vector<uint8_t> kept;
  for (size_t at = 0, i = 0; at < data.size(); at += inner, i = (i + 1) % gone.size())
    if (!gone[i])
      kept.insert(kept.end(), data.begin() + static_cast<int64_t>(at), data.begin() + static_cast<int64_t>(at + inner));
  return kept;
}

template <class T>
void drop(std::vector<T>& list, const std::vector<bool>& gone) {
  if (list.size() != gone.size()) return;  // one for all
  size_t kept = 0;
  for (size_t i = 0; i < gone.size(); ++i)
    if (!gone[i]) list[kept++] = list[i];
  list.resize(kept);
}

class ChannelRemoval {
 public:
  explicit ChannelRemoval(Graph& graph) : graph_(graph), values_(graph.tensors.size()) {
    for (const Node& node : graph.nodes) {
      convolutions_.push_back(convolution_of(graph, node));
      const auto& c = convolutions_.back();
      if (c) values_[node.outputs[0]] = output_values(graph, node, *c, values_[node.inputs[0]]);
    }
  }

  int32_t run() {
    int32_t removed = 0;
    for (size_t i = 0; i < graph_.nodes.size(); ++i)
      if (convolutions_[i] && !convolutions_[i]->depthwise) removed += remove_from(i);
    return removed;
  }

 private:
  // The nodes that have the channels of a convolution's output: depthwise ones hand them on, others end them. False:
  // something else reads one of the tensors.
  bool follow(int32_t tensor, std::vector<size_t>& through, std::vector<size_t>& ends) const {
    if (std::count(graph_.outputs.begin(), graph_.outputs.end(), tensor) != 0) return false;
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (std::count(node.inputs.begin(), node.inputs.end(), tensor) == 0) continue;
      if (!convolutions_[i] || node.inputs[0] != tensor) return false;
      (convolutions_[i]->depthwise ? through : ends).push_back(i);
      if (convolutions_[i]->depthwise && !follow(node.outputs[0], through, ends)) return false;
    }
    return true;
  }

  bool ends_evenly(size_t node, int32_t channel) const {
    const Node& end = graph_.nodes[node];
    const Convolution& c = *convolutions_[node];
    if (c.is_even(*values_[end.inputs[0]][channel])) return true;
    const Tensor& weights = graph_.tensors[end.inputs[1]];
    for (int32_t o = 0; o < c.outputs; ++o)
      for (int32_t tap = 0; tap < c.taps; ++tap)
        if (weight_at(weights, c.weight(o, tap, channel)) != 0) return false;
    return true;
  }

  int32_t remove_from(size_t producer) {
    std::vector<size_t> through, ends;
    if (!follow(graph_.nodes[producer].outputs[0], through, ends) || ends.empty()) return 0;
    const int32_t channels = convolutions_[producer]->outputs;
    std::vector<bool> gone(static_cast<size_t>(channels));
    for (int32_t c = 0; c < channels; ++c) {
      const auto is_known = [&](size_t node) { return values_[graph_.nodes[node].outputs[0]][c].has_value(); };
      gone[c] = is_known(producer) && std::all_of(through.begin(), through.end(), is_known) &&
                std::all_of(ends.begin(), ends.end(), [&](size_t node) { return ends_evenly(node, c); });
    }
    const int32_t kept =
        std::max<int32_t>(4, (static_cast<int32_t>(std::count(gone.begin(), gone.end(), false)) + 3) & ~3);
    int32_t removed = static_cast<int32_t>(std::count(gone.begin(), gone.end(), true));
    for (int32_t c = 0; c < channels && channels - removed < kept; ++c)
      if (gone[c]) gone[c] = false, --removed;
    if (removed <= 0) return 0;
    for (size_t node : ends) end(node, gone);
    for (size_t node : through) cut(node, gone, channels - removed);
    cut(producer, gone, channels - removed);
    return removed;
  }

  // A constant of this node alone.
  Tensor& own(Node& node, size_t input) {
    graph_.tensors.push_back(graph_.tensors[node.inputs[input]]);
    node.inputs[input] = static_cast<int32_t>(graph_.tensors.size()) - 1;
    return graph_.tensors.back();
  }

  // The node's output loses channels.
  void cut(size_t index, const std::vector<bool>& gone, int32_t kept) {
    Node& node = graph_.nodes[index];
    Convolution& c = *convolutions_[index];
    Tensor& weights = own(node, 1);
    const int32_t axis = c.depthwise ? 3 : 0;
    weights.data = without(weights.data, gone, c.depthwise ? 1 : static_cast<size_t>(c.taps) * c.inputs);
    weights.type.shape.dims[axis] = kept;
    drop(weights.type.quant.scales, gone);
    drop(weights.type.quant.zero_points, gone);
    Tensor& bias = own(node, 2);
    bias.data = without(bias.data, gone, sizeof(int32_t));
    bias.type.shape.dims[0] = kept;
    drop(bias.type.quant.scales, gone);
    drop(bias.type.quant.zero_points, gone);
    graph_.tensors[node.outputs[0]].type.shape.dims[3] = kept;
    drop(values_[node.outputs[0]], gone);
    c.outputs = kept;
    if (c.depthwise) c.inputs = kept;
  }

  // The node's input loses channels; what they gave goes into its bias.
  void end(size_t index, const std::vector<bool>& gone) {
    Node& node = graph_.nodes[index];
    Convolution& c = *convolutions_[index];
    own(node, 1);
    own(node, 2);
    Tensor &weights = graph_.tensors[node.inputs[1]], &bias = graph_.tensors[node.inputs[2]];
    for (int32_t o = 0; o < c.outputs; ++o) {
      uint32_t sum = static_cast<uint32_t>(bias_at(bias, o));
      for (int32_t tap = 0; tap < c.taps; ++tap)
        for (int32_t i = 0; i < c.inputs; ++i)
          if (gone[i])
            sum += static_cast<uint32_t>(weight_at(weights, c.weight(o, tap, i)) *
                                         (*values_[node.inputs[0]][i] - c.input_zero));
      std::memcpy(&bias.data[static_cast<size_t>(o) * sizeof sum], &sum, sizeof sum);
    }
    weights.data = without(weights.data, gone, 1);
    c.inputs -= static_cast<int32_t>(std::count(gone.begin(), gone.end(), true));
    weights.type.shape.dims[3] = c.inputs;
  }

  Graph& graph_;
  std::vector<ChannelValues> values_;                     // by tensor
  std::vector<std::optional<Convolution>> convolutions_;  // by node
};

}  // namespace

int32_t remove_constant_channels(Graph& graph) {
  const int32_t removed = ChannelRemoval(graph).run();
  if (removed > 0) remove_unused(graph);
  return removed;
}

}  // namespace mote
