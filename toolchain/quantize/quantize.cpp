// From ranges to an int8 graph, by each operator's QuantRule. Nodes are visited in execution order, so the parameters
// of an activation are known before anything reads it; weights and biases follow from them.
#include "toolchain/quantize/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "toolchain/base/quant_params.h"
#include "toolchain/quantize/bias_correction.h"
#include "toolchain/quantize/weight_rounding.h"

namespace mote {
namespace {

template <class T>
std::vector<uint8_t> to_bytes(const std::vector<T>& values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

QuantParams per_tensor(ScaleZero parameters) {
  return {{parameters.scale}, {parameters.zero_point}, 0};
}

// Real values of the least and the greatest number that a tensor can hold.
struct Ends {
  float low, high;
};
Ends ends_of(const TensorType& type) {
  const bool wide = type.dtype == DType::int16;
  const int32_t low = wide ? -kInt16Max - 1 : kInt8Min, high = wide ? kInt16Max : kInt8Max;
  const QuantParams& q = type.quant;
  return {dequantize(low, q.scales[0], q.zero_points[0]), dequantize(high, q.scales[0], q.zero_points[0])};
}

class Solver {
 public:
  Solver(const Graph& source, const QuantizeConfig& config, std::vector<std::string>* notes,
         const std::map<int32_t, InputMoments>* moments)
      : source_(source),
        result_(source),
        config_(config),
        notes_(notes),
        moments_(moments),
        ranges_(source.tensors.size()) {}

  Result<Graph> solve(std::span<const TensorRange> ranges) {
    for (const TensorRange& range : ranges) {
      if (range.tensor < 0 || range.tensor >= static_cast<int32_t>(ranges_.size()))
        return defect(fmt::format("quantize: a range for tensor {}, but there are {}", range.tensor, ranges_.size()));
      ranges_[static_cast<size_t>(range.tensor)] = range;
    }
    for (int32_t input : source_.inputs) MOTE_CHECK(solve_input(input));
    for (Node& node : result_.nodes) {
      MOTE_CHECK(solve_node(node));
      nodes_.push_back(std::move(node));
    }
    result_.nodes = std::move(nodes_);
    merge_copies();
    for (int32_t output : result_.outputs)
      if (!tensor(output).type.quant.quantized() && tensor(output).type.dtype == DType::float32)
        return input_error(
            fmt::format("output tensor '{}' of model '{}' is made by no layer", tensor(output).name, source_.name));
    for (Tensor& each : result_.tensors) each.trainable = false;
    return std::move(result_);
  }

 private:
  Tensor& tensor(int32_t index) { return result_.tensors[static_cast<size_t>(index)]; }
  void note(std::string text) {
    if (notes_) notes_->push_back(std::move(text));
  }

  Result<void> from_range(int32_t index, const std::string& producer) {
    const TensorRange& range = ranges_[static_cast<size_t>(index)];
    Tensor& activation = tensor(index);
    if (activation.type.dtype != DType::float32)
      return input_error(fmt::format("tensor '{}' ({}) is {}; only a float32 model can be quantized", activation.name,
                                     producer, to_string(activation.type.dtype)));
    if (range.tensor == kAbsent)
      return defect(fmt::format("quantize: no range was observed for tensor '{}' ({})", activation.name, producer));
    if (range.low == 0 && range.high == 0)
      note(fmt::format("{}: tensor '{}' is zero in every calibration window; if that is not meant, the layer is dead",
                       producer, activation.name));
    activation.type.quant = per_tensor(grid(range.low, range.high));
    activation.type.dtype = config_.activations;
    return {};
  }

  bool wide() const { return config_.activations == DType::int16; }
  ScaleZero grid(float low, float high) const {
    return wide() ? symmetric_int16(low, high) : asymmetric_int8(low, high);
  }

  Result<void> solve_input(int32_t index) {
    MOTE_CHECK(from_range(index, "the model's input"));
    if (!wide() || !config_.int8_input) return {};
    const TensorRange& range = ranges_[static_cast<size_t>(index)];
    const float scale = symmetric_scale(std::max(-range.low, range.high), kInt8Max);
    tensor(index).type.quant = per_tensor({scale > 0 ? scale : 1.0f, 0});
    return {};
  }

  Result<void> solve_node(Node& node) {
    if (!node.op)
      return input_error(fmt::format("layer '{}' is {}, an operator that mote lacks, so it cannot be quantized",
                                     node.name, node.foreign));
    const QuantRule& rule = node.op->quant;
    if (rule.output == OutputRule::boundary)
      return input_error(
          fmt::format("layer '{}' is a {}: the model is (partly) quantized already; give the float model", node.name,
                      node.op->tflite_name));
    if (!runs_integers(*node.op))
      return input_error(fmt::format("layer '{}' is a {}, which mote runs in float32 only, so it cannot be quantized",
                                     node.name, node.op->tflite_name));
    if (rule.output == OutputRule::same_as_input) share_parameters(node);
    if (rule.output == OutputRule::joined) MOTE_CHECK(join_parameters(node));
    std::vector<size_t> weights, biases;
    bool keeps_state = false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kAbsent) continue;
      switch (input_role(*node.op, i)) {
        case InputRole::activation:
          MOTE_CHECK(solve_activation(node, i));
          break;
        case InputRole::weights:
          weights.push_back(i);
          break;
        case InputRole::bias:
          biases.push_back(i);
          break;
        case InputRole::constant:
        case InputRole::index:
        case InputRole::statistic:
          break;
        case InputRole::state:
          keeps_state = true;
          break;
        case InputRole::number:
          return input_error(fmt::format("layer '{}' is a {}, whose numbers have no scale; give the model without it",
                                         node.name, node.op->tflite_name));
      }
    }
    for (size_t k = 0; k < weights.size(); ++k)
      MOTE_CHECK(solve_parameters(node, {weights[k], k < biases.size() ? biases[k] : kNoBias, keeps_state}));
    MOTE_CHECK(solve_outputs(node));
    return keeps_state ? solve_states(node) : Result<void>();
  }

  // State that the operator keeps is stored as it says, given its output, for which the calibration gave the range.
  Result<void> solve_states(const Node& node) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kAbsent || input_role(*node.op, i) != InputRole::state) continue;
      TensorType& type = tensor(node.inputs[i]).type;
      const auto stored = node.op->state_type != nullptr
                              ? node.op->state_type(node.attributes, i, tensor(node.outputs[0]).type)
                              : std::nullopt;
      if (!stored)
        return input_error(
            fmt::format("layer '{}' is a {}, which keeps state between inferences whose range is not known; the "
                        "TensorFlow converter quantizes it, and mote runs what it writes",
                        node.name, node.op->tflite_name));
      type.dtype = stored->dtype;
      type.quant = stored->quant;
    }
    for (const uint8_t input : std::set<uint8_t>(node.op->intermediates.begin(), node.op->intermediates.end())) {
      Tensor intermediate{node.name + "/intermediate", tensor(node.inputs[input]).type, false, false, {}};
      intermediate.type.shape = make_shape({0});  // which TensorFlow Lite Micro insists on
      result_.tensors.push_back(std::move(intermediate));
    }
    return {};
  }

  // Activations that are compared or chosen from have one scale: that of the widest when it holds the others, else one
  // that holds them all. Those that have another are requantized before the node.
  void share_parameters(Node& node) {
    std::vector<TensorType> all;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (is_computed(node, i)) all.push_back(tensor(node.inputs[i]).type);
    if (all.empty()) return;
    Ends outer = ends_of(all[0]);
    for (const TensorType& each : all)
      outer = {std::min(outer.low, ends_of(each).low), std::max(outer.high, ends_of(each).high)};
    const auto widest = std::find_if(all.begin(), all.end(), [&](const TensorType& type) {
      return ends_of(type).low == outer.low && ends_of(type).high == outer.high;
    });
    const QuantParams shared = widest != all.end() ? widest->quant : per_tensor(grid(outer.low, outer.high));
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (is_computed(node, i) && tensor(node.inputs[i]).type.quant != shared) requantize_input(node, i, shared);
  }

  // What is joined takes the output's scale before the node: TFLite's runtimes refuse a CONCATENATION of several.
  Result<void> join_parameters(Node& node) {
    MOTE_CHECK(from_range(node.outputs[0], "layer '" + node.name + "'"));
    const QuantParams shared = tensor(node.outputs[0]).type.quant;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (is_computed(node, i) && tensor(node.inputs[i]).type.quant != shared) requantize_input(node, i, shared);
    return {};
  }

  bool is_computed(const Node& node, size_t input) {
    return node.inputs[input] != kAbsent && input_role(*node.op, input) == InputRole::activation &&
           tensor(node.inputs[input]).type.quant.quantized();
  }

  void requantize_input(Node& node, size_t input, const QuantParams& parameters) {
    const OpDef& quantize = *find_op("quantize");
    Tensor scaled = tensor(node.inputs[input]);
    scaled.name += "/" + node.name;
    scaled.type.quant = parameters;
    const auto index = static_cast<int32_t>(result_.tensors.size());
    nodes_.push_back({&quantize, scaled.name, quantize.default_attributes(), {node.inputs[input]}, {index}, ""});
    result_.tensors.push_back(std::move(scaled));
    node.inputs[input] = index;
  }

  Result<void> solve_activation(Node& node, size_t input) {
    if (tensor(node.inputs[input]).type.quant.quantized()) return {};
    if (!tensor(node.inputs[input]).constant)
      return defect(fmt::format("quantize: layer '{}' reads tensor '{}' before any layer makes it", node.name,
                                tensor(node.inputs[input]).name));
    MOTE_CHECK(own_constant(node, input));
    Tensor& constant = tensor(node.inputs[input]);
    const std::span<const float> values = std::as_const(constant).floats();
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    // An operator whose output is as its data, or that joins, has one scale for all it reads.
    const size_t data = data_input(*node.op);
    const OutputRule rule = node.op->quant.output;
    const bool alike = (rule == OutputRule::same_as_input && input != data) || rule == OutputRule::joined;
    const QuantParams& shared = tensor(rule == OutputRule::joined ? node.outputs[0] : node.inputs[data]).type.quant;
    const ScaleZero parameters = alike && shared.quantized() ? ScaleZero{shared.scales[0], shared.zero_points[0]}
                                 : values.empty()            ? ScaleZero{}
                                                             : grid(*low, *high);
    std::vector<int8_t> stored;
    std::vector<int16_t> stored_wide;
    for (float value : values) {
      stored.push_back(quantize_int8(value, parameters.scale, parameters.zero_point));
      stored_wide.push_back(quantize_int16(value, parameters.scale));
    }
    constant.type.quant = per_tensor(parameters);
    constant.type.dtype = config_.activations;
    constant.data = wide() ? to_bytes(stored_wide) : to_bytes(stored);
    return {};
  }

  // Makes input `input` of the node a float constant that no other layer has quantized yet, copying a shared one.
  Result<void> own_constant(Node& node, size_t input) {
    const int32_t index = node.inputs[input];
    if (!tensor(index).constant)
      return input_error(
          fmt::format("layer '{}': input {} (tensor '{}') is computed by the model, but {} can only be "
                      "quantized with constant weights and bias",
                      node.name, input, tensor(index).name, node.op->tflite_name));
    if (tensor(index).type.dtype != DType::float32) {
      const Tensor& original = source_.tensors[static_cast<size_t>(index)];
      if (original.type.dtype != DType::float32)
        return input_error(fmt::format("layer '{}': tensor '{}' is {}; only a float32 model can be quantized",
                                       node.name, original.name, to_string(original.type.dtype)));
      Tensor copy = original;
      copy.name += "/" + node.name;
      node.inputs[input] = static_cast<int32_t>(result_.tensors.size());
      copies_[node.inputs[input]] = index;
      result_.tensors.push_back(std::move(copy));
    }
    for (float value : std::as_const(tensor(node.inputs[input])).floats())
      if (!std::isfinite(value))
        return input_error(fmt::format("layer '{}': tensor '{}' has a value that is not finite; did training diverge?",
                                       node.name, tensor(index).name));
    return {};
  }

  // Copies that came out like the shared constant, or like an earlier copy of it, go.
  void merge_copies() {
    std::vector<int32_t> place(result_.tensors.size());
    std::vector<Tensor> kept;
    for (size_t i = 0; i < place.size(); ++i) {
      const auto of = copies_.find(static_cast<int32_t>(i));
      int32_t same = kAbsent;
      for (size_t k = 0; of != copies_.end() && k < i && same == kAbsent; ++k)
        if (origin(static_cast<int32_t>(k)) == of->second &&
            is_same(tensor(static_cast<int32_t>(k)), result_.tensors[i]))
          same = place[k];
      place[i] = same != kAbsent ? same : static_cast<int32_t>(kept.size());
      if (same == kAbsent) kept.push_back(result_.tensors[i]);
    }
    result_.tensors = std::move(kept);
    for (Node& node : result_.nodes)
      for (std::vector<int32_t>* list : {&node.inputs, &node.outputs})
        for (int32_t& each : *list)
          if (each != kAbsent) each = place[static_cast<size_t>(each)];
  }
  int32_t origin(int32_t index) const {
    const auto of = copies_.find(index);
    return of == copies_.end() ? index : of->second;
  }
  static bool is_same(const Tensor& a, const Tensor& b) {
    return a.type.dtype == b.type.dtype && a.type.quant == b.type.quant && a.data == b.data;
  }

  static constexpr size_t kNoBias = ~size_t{0};
  // Inputs of a node. Bias number k belongs to weights number k.
  struct Parameters {
    size_t weights, bias;
    bool of_state;  // the operator keeps state, with which some of its weights are multiplied
  };

  // Weights first, since the bias takes its scale from them; but a bias too large for int32 makes the weights' scale
  // grow.
  Result<void> solve_parameters(Node& node, const Parameters& which) {
    MOTE_CHECK(own_constant(node, which.weights));
    if (which.bias != kNoBias) MOTE_CHECK(own_constant(node, which.bias));
    Tensor& weights = tensor(node.inputs[which.weights]);
    Tensor* bias = which.bias == kNoBias ? nullptr : &tensor(node.inputs[which.bias]);
    const int32_t axis = node.op->quant.channel_axis;
    const ChannelLayout layout(weights.type.shape, axis);
    if (bias && static_cast<int64_t>(bias->floats().size()) != layout.channels)
      return input_error(fmt::format("layer '{}': bias '{}' has {} values for {} output channels", node.name,
                                     bias->name, bias->floats().size(), layout.channels));
    const int32_t data = node.inputs[data_input(*node.op)];
    const float input_scale = tensor(data).type.quant.scales[0];
    const std::vector<float> scales = scales_of(weights, layout, bias, input_scale, node, which.of_state);
    quantize_weights(weights, layout, scales, axis, which.of_state ? InputMoments{} : moments_of(data));
    if (bias) quantize_bias(*bias, scales, input_scale);
    return {};
  }

  // Filters always have a scale for each channel, as TensorFlow's converter gives them: batch normalization folded into
  // them makes them differ by much. Operators that keep state have one for all.
  std::vector<float> scales_of(const Tensor& weights, const ChannelLayout& layout, const Tensor* bias,
                               float input_scale, const Node& node, bool per_tensor) {
    const bool per_channel = (config_.per_channel_weights || weights.type.shape.rank > 2) && !per_tensor;
    std::vector<float> scales(per_channel ? static_cast<size_t>(layout.channels) : 1);
    std::vector<RaisedScale> raised;
    // An int64 bias has room at any scale.
    weight_scales(weights.floats(), layout, bias && !wide() ? std::as_const(*bias).floats() : std::span<const float>(),
                  input_scale, scales, &raised);
    for (const RaisedScale& each : raised)
      note(fmt::format(
          "layer '{}': bias {:g} is too large for int32 at the scale of its weights; scale of '{}' raised from "
          "{:g} to {:g}, so small weights lose precision",
          node.name, each.bias, weights.name, each.from, each.to));
    return scales;
  }

  InputMoments moments_of(int32_t input) const {
    if (!moments_) return {};
    const auto found = moments_->find(input);
    return found == moments_->end() ? InputMoments{} : found->second;
  }

  static void quantize_weights(Tensor& weights, const ChannelLayout& layout, const std::vector<float>& scales,
                               int32_t axis, const InputMoments& moments) {
    const std::span<const float> values = std::as_const(weights).floats();
    std::vector<int8_t> stored;
    if (weights.type.shape.rank == 2 && axis == 0) {
      stored = round_weights(values, layout.channels, scales, moments);
    } else {
      for (size_t i = 0; i < values.size(); ++i) {
        const size_t channel = static_cast<size_t>(layout.channel_of(static_cast<int64_t>(i)));
        stored.push_back(round_weight(values[i], scales[scales.size() == 1 ? 0 : channel]));
      }
    }
    weights.type.quant = {scales, std::vector<int32_t>(scales.size()), scales.size() == 1 ? 0 : axis};
    weights.type.dtype = DType::int8;
    weights.data = to_bytes(stored);
  }

  void quantize_bias(Tensor& bias, const std::vector<float>& weight_scales, float input_scale) const {
    std::vector<float> scales;  // as float products, which is what runtimes compare with
    for (float scale : weight_scales) scales.push_back(input_scale * scale);
    std::vector<int32_t> stored;
    std::vector<int64_t> stored_wide;
    const std::span<const float> values = std::as_const(bias).floats();
    constexpr double kMostWide = 0x1p39;  // leaves the 64-bit sums room
    for (size_t i = 0; i < values.size(); ++i) {
      const double steps = std::round(values[i] / double{scales[scales.size() == 1 ? 0 : i]});
      stored.push_back(static_cast<int32_t>(
          std::clamp<double>(steps, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max())));
      stored_wide.push_back(static_cast<int64_t>(std::clamp(steps, -kMostWide, kMostWide)));
    }
    bias.type.quant = {scales, std::vector<int32_t>(scales.size()), 0};
    bias.type.dtype = wide() ? DType::int64 : DType::int32;
    bias.data = wide() ? to_bytes(stored_wide) : to_bytes(stored);
  }

  Result<void> solve_outputs(const Node& node) {
    const QuantRule& rule = node.op->quant;
    for (int32_t output : node.outputs) {
      if (rule.output == OutputRule::number || rule.output == OutputRule::joined) continue;  // join_parameters did
      if (rule.output == OutputRule::free) {
        MOTE_CHECK(from_range(output, "layer '" + node.name + "'"));
      } else {
        const ScaleZero fixed =
            wide() ? ScaleZero{1.0f / 32768, 0} : ScaleZero{rule.fixed_scale, rule.fixed_zero_point};
        tensor(output).type.quant =
            rule.output == OutputRule::fixed ? per_tensor(fixed) : tensor(node.inputs[data_input(*node.op)]).type.quant;
        tensor(output).type.dtype = config_.activations;
      }
    }
    if (!wide()) return {};
    if (const auto fits = node.op->infer(node.attributes, input_types(result_, node)); !fits.ok())
      return input_error(
          fmt::format("layer '{}' ({}) has no form with int16 activations: {}; expected [quantize] "
                      "activations = \"int8\" with it",
                      node.name, node.op->tflite_name, fits.error().message));
    return {};
  }

  const Graph& source_;
  Graph result_;
  std::vector<Node> nodes_;  // solved so far
  const QuantizeConfig& config_;
  std::vector<std::string>* notes_;
  const std::map<int32_t, InputMoments>* moments_;
  std::vector<TensorRange> ranges_;    // by tensor; absent ones have tensor == kAbsent
  std::map<int32_t, int32_t> copies_;  // by tensor: the constant that it was copied from
};

}  // namespace

Result<Graph> apply_quantization(const Graph& graph, std::span<const TensorRange> ranges, const QuantizeConfig& config,
                                 std::vector<std::string>* notes, const std::map<int32_t, InputMoments>* moments) {
  return Solver(graph, config, notes, moments).solve(ranges);
}

Result<Graph> quantize_post_training(const Graph& float_graph, const CalibrationData& data,
                                     const QuantizeConfig& config, const Progress& progress,
                                     std::vector<std::string>* notes) {
  MOTE_TRY(std::vector<TensorRange> ranges, calibrate(float_graph, data, config, progress));
  std::map<int32_t, InputMoments> moments;
  if (config.rounding == WeightRounding::adaptive) {
    MOTE_TRY(moments, input_moments(float_graph, data));
  }
  MOTE_TRY(Graph quantized, apply_quantization(float_graph, ranges, config, notes, &moments));
  if (!config.correct_bias) return quantized;
  MOTE_TRY(const Graph corrected, correct_biases(float_graph, quantized, data));
  return apply_quantization(corrected, ranges, config, nullptr, &moments);
}

}  // namespace mote
