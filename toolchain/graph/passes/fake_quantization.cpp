#include "toolchain/graph/passes/fake_quantization.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ops/fake_quantize/fake_quantize.h"
#include "ops/fake_quantize_weights/fake_quantize_weights.h"
#include "ops/leaky_relu/leaky_relu.h"
#include "toolchain/graph/fused_activation.h"
#include "toolchain/graph/passes/matching.h"
#include "toolchain/graph/shared_ranges.h"

namespace mote {
namespace {

class Inserter {
 public:
  Inserter(Graph& graph, const FakeQuantization& quantization)
      : graph_(graph),
        options_(quantization),
        originals_(graph.tensors.size()),
        at_(originals_),
        shared_(shared_ranges(graph)) {}

  Result<void> run() {
    for (const TensorRange& range : options_.ranges) {
      if (range.tensor < 0 || static_cast<size_t>(range.tensor) >= originals_)
        return defect(
            fmt::format("fake quantization: a range for tensor {}, but there are {}", range.tensor, originals_));
      at_[static_cast<size_t>(range.tensor)].observed = range;
    }
    for (int32_t input : graph_.inputs) MOTE_CHECK(quantize_observed(input, {}, {}));
    std::vector<Node> nodes = std::move(graph_.nodes);
    for (int32_t i = 0; i < static_cast<int32_t>(nodes.size()); ++i) {
      current_ = i;
      MOTE_CHECK(take(std::move(nodes[static_cast<size_t>(i)])));
    }
    graph_.nodes = std::move(nodes_);
    for (int32_t& output : graph_.outputs) output = quantized(output);
    return {};
  }

 private:
  struct State {
    TensorRange observed;
    int32_t range = kAbsent;      // tensor of two numbers
    int32_t quantized = kAbsent;  // tensor with the values on the grid
  };
  struct Rounding {
    FakeRounding kind = FakeRounding::real;
    int32_t unit = kAbsent;
    int32_t count = 1;
    float negative = 1;
    int32_t partner = kAbsent;
  };

  Tensor& tensor(int32_t index) { return graph_.tensors[static_cast<size_t>(index)]; }
  State& at(int32_t index) { return at_[static_cast<size_t>(index)]; }
  int32_t quantized(int32_t index) { return at(index).quantized == kAbsent ? index : at(index).quantized; }
  bool stays_float() const { return !options_.only.empty() && std::ranges::count(options_.only, current_) == 0; }
  bool is_graph_output(int32_t index) const { return std::ranges::count(graph_.outputs, index) > 0; }

  int32_t add_tensor(Tensor tensor) {
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<int32_t>(graph_.tensors.size()) - 1;
  }
  int32_t add_constant(const std::string& name, std::span<const float> values) {
    Tensor constant{name, {DType::float32, make_shape({static_cast<int32_t>(values.size())}), {}}, true, false, {}};
    constant.data.resize(values.size_bytes());
    std::ranges::copy(values, constant.floats().begin());
    return add_tensor(std::move(constant));
  }
  int32_t add_computed(const std::string& name, const Shape& shape) {
    return add_tensor({name, {DType::float32, shape, {}}, false, false, {}});
  }

  Result<void> take(Node node) {
    if (node.op == nullptr || !runs_integers(*node.op) || node.op->quant.output == OutputRule::boundary)
      return input_error(fmt::format("layer '{}' ({}) cannot be quantized", node.name,
                                     node.op == nullptr ? node.foreign : node.op->tflite_name));
    int32_t weights = kAbsent, bias = kAbsent;
    std::set<int32_t> ranges;  // of computed activations
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const InputRole role = input_role(*node.op, i);
      if (node.inputs[i] == kAbsent) continue;
      if (role == InputRole::weights) weights = static_cast<int32_t>(i);
      if (role == InputRole::bias) bias = static_cast<int32_t>(i);
      if (role == InputRole::state && node.op->simulation == nullptr)
        return input_error(fmt::format(
            "layer '{}' keeps state between inferences, so it is quantized after training only; write method = \"ptq\"",
            node.name));
      if (role == InputRole::activation && !tensor(node.inputs[i]).constant) ranges.insert(at(node.inputs[i]).range);
    }
    if (node.op->quant.output == OutputRule::same_as_input && ranges.size() > 1)
      return input_error(
          fmt::format("layer '{}' ({}) brings its inputs to one scale first; train without it, or with "
                      "method = \"ptq\"",
                      node.name, node.op->tflite_name));
    const int32_t data = node.inputs[data_input(*node.op)];
    const std::vector<int32_t> before = node.inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] != kAbsent && input_role(*node.op, i) == InputRole::activation) quantize_input(node, i, data);
    if (node.op->simulation != nullptr) return simulate(std::move(node), data);
    Rounding rounding = rounding_of(node, data);
    if (is_op(node, "mul") && at(before[0]).range != kAbsent && at(before[1]).range != kAbsent)
      rounding = {FakeRounding::product, at(before[0]).range, 1, 1, at(before[1]).range};
    if (weights != kAbsent && !stays_float()) {
      rounding = {FakeRounding::accumulator, quantize_weights(node, weights, bias, data)};
    }
    if (node.op->quant.output == OutputRule::joined) MOTE_CHECK(requantize_inputs(node));
    nodes_.push_back(node);
    return quantize_outputs(node, data, rounding);
  }

  Result<void> simulate(Node node, int32_t data) {
    const int32_t output = node.outputs[0];
    MOTE_CHECK(make_range(output));
    if (!stays_float()) {
      node.op = find_op(node.op->simulation);
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        const InputRole role = input_role(*node.op, i);
        if (node.inputs[i] != kAbsent && (role == InputRole::weights || role == InputRole::bias))
          tensor(node.inputs[i]).trainable = true;
      }
      node.inputs.push_back(at(data).range);
      node.inputs.push_back(at(output).range);
    }
    nodes_.push_back(node);
    return quantize_outputs(node, data, {});
  }

  void quantize_input(Node& node, size_t input, int32_t data) {
    const int32_t index = node.inputs[input];
    if (!tensor(index).constant) {
      node.inputs[input] = quantized(index);
      return;
    }
    if (tensor(index).type.dtype != DType::float32) return;
    tensor(index).trainable = false;
    const std::span<const float> values = std::as_const(tensor(index)).floats();
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const bool as_data = node.op->quant.output == OutputRule::same_as_input && index != data;
    const float ends[] = {values.empty() ? 0.0f : *low, values.empty() ? 0.0f : *high};
    const int32_t range = as_data ? at(data).range : add_constant(tensor(index).name + "/range", ends);
    at(index).range = range;
    node.inputs[input] = add_fake(index, range, FakeQuantizeAttributes{}, {}, false);
  }

  // A joining node brings what it reads to the scale of its output.
  Result<void> requantize_inputs(Node& node) {
    const int32_t output = node.outputs[0];
    MOTE_CHECK(make_range(output));
    for (int32_t& input : node.inputs) {
      const bool moved = static_cast<size_t>(input) < originals_;  // by a layer that does not round
      const auto state = moved ? at_.begin() + input : std::ranges::find(at_, input, &State::quantized);
      if (state == at_.end() || state->range == kAbsent) continue;
      const int32_t range = state->range;
      input = add_fake(input, at(output).range, learning(fused_activation(node)), {FakeRounding::sum, range}, false);
    }
    return {};
  }

  // How the node's integer kernel rounds.
  Rounding rounding_of(const Node& node, int32_t data) {
    if (is_op(node, "average_pool_2d")) return {FakeRounding::stored};
    if (is_op(node, "hard_swish")) return {FakeRounding::hard_swish, at(data).range, 1, 1, quantized(data)};
    if (is_op(node, "relu")) return {FakeRounding::sum, at(data).range};
    if (is_op(node, "leaky_relu"))
      return {FakeRounding::sum, at(data).range, 1, node.attributes.as<LeakyReluAttributes>().alpha};
    if (is_op(node, "mean"))
      return {FakeRounding::sum, at(data).range,
              tensor(data).type.shape.elements() / tensor(node.outputs[0]).type.shape.elements()};
    return {};
  }

  // The unit of the layer's accumulators. Filters have more than two dimensions.
  int32_t quantize_weights(Node& node, int32_t weights_input, int32_t bias_input, int32_t data) {
    const int32_t weights = node.inputs[static_cast<size_t>(weights_input)];
    const int32_t bias = bias_input == kAbsent ? kAbsent : node.inputs[static_cast<size_t>(bias_input)];
    const Shape shape = tensor(weights).type.shape;
    FakeQuantizeWeightsAttributes a{node.op->quant.channel_axis, options_.per_channel_weights || shape.rank > 2};
    Node fake{find_op("fake_quantize_weights"),
              node.name + "/int8",
              Attributes::of(a),
              {weights, bias, at(data).range},
              {},
              ""};
    if (affine(node.outputs[0])) {
      fake.inputs.push_back(gain_);
      fake.inputs.push_back(offset_);
    }
    std::vector<int32_t>& made = weights_of_[{node.op, fake.inputs}];
    if (!made.empty()) return take_weights(node, weights_input, bias_input, made);
    const int32_t unit = add_computed(node.name + "/unit", make_shape({shape[a.axis]}));
    fake.outputs = {add_computed(tensor(weights).name + "/int8", shape), unit};
    tensor(weights).trainable = true;
    if (bias != kAbsent) {
      tensor(bias).trainable = true;
      fake.outputs.push_back(add_computed(tensor(bias).name + "/int8", tensor(bias).type.shape));
    }
    made = fake.outputs;
    nodes_.push_back(std::move(fake));
    return take_weights(node, weights_input, bias_input, made);
  }

  // `made`: weights, unit, and the bias if there is one, of this node or of another that reads the same.
  static int32_t take_weights(Node& node, int32_t weights_input, int32_t bias_input, const std::vector<int32_t>& made) {
    node.inputs[static_cast<size_t>(weights_input)] = made[0];
    if (made.size() > 2) node.inputs[static_cast<size_t>(bias_input)] = made[2];
    return made[1];
  }

  // The deployed model has other units at this graph output; its constants are made when first asked for.
  bool affine(int32_t output) {
    if (options_.output_scale.empty() || !is_graph_output(output)) return false;
    if (gain_ == kAbsent) {
      gain_ = add_constant("output/scale", options_.output_scale);
      offset_ = add_constant("output/offset", options_.output_offset);
    }
    return true;
  }

  Result<void> quantize_outputs(const Node& node, int32_t data, const Rounding& rounding) {
    const QuantRule& rule = node.op->quant;
    for (int32_t output : node.outputs) {
      if (rule.output == OutputRule::number) continue;
      if (rule.output == OutputRule::free || rule.output == OutputRule::joined) {
        MOTE_CHECK(quantize_observed(output, rounding, fused_activation(node)));
      } else if (rule.output == OutputRule::same_as_input) {
        at(output).range = at(data).range;
        if (node.op->int8_tolerance > 0)  // else it only moves numbers
          at(output).quantized = add_fake(output, at(output).range, FakeQuantizeAttributes{}, rounding, false);
      } else if (!is_graph_output(output)) {
        const float ends[] = {rule.fixed_scale * static_cast<float>(-128 - rule.fixed_zero_point),
                              rule.fixed_scale * static_cast<float>(127 - rule.fixed_zero_point)};
        at(output).range = add_constant(tensor(output).name + "/range", ends);
        at(output).quantized = add_fake(output, at(output).range, FakeQuantizeAttributes{}, rounding, false);
      }
    }
    return {};
  }

  Result<void> quantize_observed(int32_t index, const Rounding& rounding, std::optional<Activation> activation) {
    MOTE_CHECK(make_range(index));
    at(index).quantized = add_fake(index, at(index).range, learning(activation), rounding, affine(index));
    return {};
  }

  Result<void> make_range(int32_t index) {
    const TensorRange& observed = at(index).observed;
    if (observed.tensor == kAbsent)
      return defect(fmt::format("fake quantization: no range was observed for tensor '{}'", tensor(index).name));
    const float ends[] = {observed.low, observed.high};
    int32_t& range = at(index).range;
    if (range != kAbsent) return {};
    const auto [known, added] = range_of_.try_emplace(shared_[static_cast<size_t>(index)], kAbsent);
    if (added) known->second = add_constant(tensor(index).name + "/range", ends);
    range = known->second;
    return {};
  }

  // A range that may widen as far as the activation lets values.
  FakeQuantizeAttributes learning(std::optional<Activation> activation) const {
    FakeQuantizeAttributes a;
    a.momentum = options_.momentum;
    a.margin = options_.margin;
    if (activation == Activation::relu || activation == Activation::relu6) a.least = 0;
    if (activation == Activation::relu6) a.most = 6;
    if (activation == Activation::relu_n1_to_1) a.least = -1, a.most = 1;
    return a;
  }

  int32_t add_fake(int32_t x, int32_t range, FakeQuantizeAttributes a, const Rounding& rounding, bool affine) {
    a.rounding = static_cast<int32_t>(rounding.kind);
    a.count = rounding.count;
    a.negative = rounding.negative;
    if (stays_float()) return x;
    const std::string name = tensor(x).name + "/int8";
    Node fake{find_op("fake_quantize"), name, Attributes::of(a), {x, range, rounding.unit}, {}, ""};
    if (affine) fake.inputs.insert(fake.inputs.end(), {gain_, offset_});
    if (rounding.partner != kAbsent) {
      fake.inputs.resize(5, kAbsent);
      fake.inputs.push_back(rounding.partner);
    }
    fake.outputs = {add_computed(name, tensor(x).type.shape)};
    nodes_.push_back(fake);
    return fake.outputs[0];
  }

  Graph& graph_;
  const FakeQuantization& options_;
  size_t originals_;                     // tensors
  std::vector<State> at_;                // by original tensor
  std::vector<int32_t> shared_;          // shared_ranges() of the original graph
  std::map<int32_t, int32_t> range_of_;  // by the first tensor that shares it: the range's tensor
  std::map<std::pair<const OpDef*, std::vector<int32_t>>, std::vector<int32_t>> weights_of_;
  std::vector<Node> nodes_;    // done so far
  int32_t current_ = kAbsent;  // node in hand; none yet for the graph's inputs
  int32_t gain_ = kAbsent, offset_ = kAbsent;
};

// The operator that the node's stands for in training; nullptr: it is no simulation.
const OpDef* simulated_by(const Node& node) {
  for (const OpDef* op : all_ops())
    if (op->simulation != nullptr && is_op(node, op->simulation)) return op;
  return nullptr;
}

bool is_fake(const Node& node) {
  return is_op(node, "fake_quantize") || is_op(node, "fake_quantize_weights");
}

}  // namespace

Result<void> insert_fake_quantization(Graph& graph, const FakeQuantization& quantization) {
  MOTE_CHECK(Inserter(graph, quantization).run());
  return validate(graph);
}

Result<std::vector<TensorRange>> remove_fake_quantization(Graph& graph) {
  std::vector<TensorRange> ranges;
  std::vector<int32_t> original(graph.tensors.size());
  for (size_t i = 0; i < original.size(); ++i) original[i] = static_cast<int32_t>(i);
  for (const Node& node : graph.nodes) {
    if (is_op(node, "fake_quantize")) {
      const int32_t before = original[static_cast<size_t>(node.inputs[0])];
      original[static_cast<size_t>(node.outputs[0])] = before;
      if (before != node.inputs[0]) continue;  // requantized
      const Tensor& x = graph.tensors[static_cast<size_t>(node.inputs[0])];
      const std::span<const float> ends = graph.tensors[static_cast<size_t>(node.inputs[1])].floats();
      if (!x.constant) ranges.push_back({node.inputs[0], ends[0], ends[1]});
    } else if (is_op(node, "fake_quantize_weights")) {
      original[static_cast<size_t>(node.outputs[0])] = node.inputs[0];
      if (node.outputs.size() > 2) original[static_cast<size_t>(node.outputs[2])] = node.inputs[1];
    }
  }
  std::erase_if(graph.nodes, is_fake);
  for (Node& node : graph.nodes)
    if (const OpDef* const op = simulated_by(node)) {
      node.op = op;
      node.inputs.resize(node.inputs.size() - 2);  // the ranges
    }
  const auto rename = [&](std::vector<int32_t>& list) {
    for (int32_t& each : list)
      if (each != kAbsent) each = original[static_cast<size_t>(each)];
  };
  int32_t last = 0;
  const auto see = [&](const std::vector<int32_t>& list) {
    for (int32_t each : list) last = std::max(last, each);
  };
  for (Node& node : graph.nodes) {
    rename(node.inputs);
    see(node.inputs);
    see(node.outputs);
  }
  rename(graph.outputs);
  see(graph.inputs);
  graph.tensors.resize(static_cast<size_t>(last) + 1);
  std::ranges::sort(ranges, {}, &TensorRange::tensor);
  MOTE_CHECK(validate(graph));
  return ranges;
}

}  // namespace mote
