// From ranges to an int8 graph, by each operator's QuantRule. Nodes are visited in execution order, so the parameters
// of an activation are known before anything reads it; weights and biases follow from them.
#include "toolchain/quantize/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "toolchain/quantize/quant_params.h"
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

// Weights as [outer][channels][inner] around their channel axis.
struct ChannelLayout {
  int64_t channels = 1, inner = 1;
  ChannelLayout(const Shape& shape, int32_t axis) {
    if (axis >= shape.rank) return;
    channels = shape[axis];
    for (int32_t i = axis + 1; i < shape.rank; ++i) inner *= shape[i];
  }
  int64_t channel_of(int64_t element) const { return element / inner % channels; }
};

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
    for (int32_t input : source_.inputs) MOTE_CHECK(from_range(input, "the model's input"));
    for (Node& node : result_.nodes) {
      MOTE_CHECK(solve_node(node));
      nodes_.push_back(std::move(node));
    }
    result_.nodes = std::move(nodes_);
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
    activation.type.quant = per_tensor(asymmetric_int8(range.low, range.high));
    activation.type.dtype = DType::int8;
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
    return {};
  }

  // Activations that are compared or chosen from have one scale: that of the widest when it holds the others, else one
  // that holds them all. Those that have another are requantized before the node.
  void share_parameters(Node& node) {
    std::vector<QuantParams> all;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (is_computed(node, i)) all.push_back(tensor(node.inputs[i]).type.quant);
    if (all.empty()) return;
    const auto low = [](const QuantParams& q) { return q.scales[0] * static_cast<float>(-128 - q.zero_points[0]); };
    const auto high = [](const QuantParams& q) { return q.scales[0] * static_cast<float>(127 - q.zero_points[0]); };
    float least = low(all[0]), most = high(all[0]);
    for (const QuantParams& each : all) least = std::min(least, low(each)), most = std::max(most, high(each));
    const auto widest =
        std::find_if(all.begin(), all.end(), [&](const QuantParams& q) { return low(q) == least && high(q) == most; });
    const QuantParams shared = widest != all.end() ? *widest : per_tensor(asymmetric_int8(least, most));
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (is_computed(node, i) && tensor(node.inputs[i]).type.quant != shared) requantize_input(node, i, shared);
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
    // An operator whose output is as its data has one scale for all it reads.
    const size_t data = data_input(*node.op);
    const bool as_data = node.op->quant.output == OutputRule::same_as_input && input != data;
    const QuantParams& shared = tensor(node.inputs[data]).type.quant;
    const ScaleZero parameters = as_data && shared.quantized() ? ScaleZero{shared.scales[0], shared.zero_points[0]}
                                 : values.empty()              ? ScaleZero{}
                                                               : asymmetric_int8(*low, *high);
    std::vector<int8_t> stored;
    for (float value : values) stored.push_back(quantize_int8(value, parameters.scale, parameters.zero_point));
    constant.type.quant = per_tensor(parameters);
    constant.type.dtype = DType::int8;
    constant.data = to_bytes(stored);
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
      result_.tensors.push_back(std::move(copy));
    }
    for (float value : std::as_const(tensor(node.inputs[input])).floats())
      if (!std::isfinite(value))
        return input_error(fmt::format("layer '{}': tensor '{}' has a value that is not finite; did training diverge?",
                                       node.name, tensor(index).name));
    return {};
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
    const double input_scale = tensor(data).type.quant.scales[0];
    std::vector<float> scales = weight_scales(weights, layout, bias, input_scale, node, which.of_state);
    quantize_weights(weights, layout, scales, axis, which.of_state ? InputMoments{} : moments_of(data));
    if (bias) quantize_bias(*bias, scales, static_cast<float>(input_scale));
    return {};
  }

  // One scale, or one for each channel: largest magnitude / 127, subject to the bias. Filters always have one each, as
  // TensorFlow's converter gives them: batch normalization folded into them makes them differ by much.
  std::vector<float> weight_scales(const Tensor& weights, const ChannelLayout& layout, const Tensor* bias,
                                   double input_scale, const Node& node, bool per_tensor) {
    const bool filters = weights.type.shape.rank > 2;
    const bool per_channel = (config_.per_channel_weights || filters) && !per_tensor;
    const size_t count = per_channel ? static_cast<size_t>(layout.channels) : 1;
    std::vector<float> largest(count), largest_bias(count), scales(count);
    const std::span<const float> values = weights.floats();
    const auto group = [&](int64_t channel) { return count == 1 ? size_t{0} : static_cast<size_t>(channel); };
    for (size_t i = 0; i < values.size(); ++i) {
      float& seen = largest[group(layout.channel_of(static_cast<int64_t>(i)))];
      seen = std::max(seen, std::fabs(values[i]));
    }
    if (bias)
      for (int64_t channel = 0; channel < layout.channels; ++channel) {
        float& seen = largest_bias[group(channel)];
        seen = std::max(seen, std::fabs(bias->floats()[static_cast<size_t>(channel)]));
      }
    // The int32 accumulator holds the bias and up to 255 x 127 for every weight of a channel.
    const int64_t products =
        static_cast<int64_t>(values.size()) / std::max<int64_t>(layout.channels, 1) * 255 * kWeightMax;
    const double room = static_cast<double>(std::max<int64_t>(std::numeric_limits<int32_t>::max() - products, 1 << 30));
    for (size_t i = 0; i < count; ++i) {
      const double least = double{largest_bias[i]} / (input_scale * room);
      scales[i] = symmetric_scale(largest[i], kWeightMax);
      if (scales[i] == 0) {  // all weights zero: any scale does for them, so choose one that gives the bias 20 bits
        scales[i] =
            largest_bias[i] > 0 ? static_cast<float>(double{largest_bias[i]} / (input_scale * (1 << 20))) : 1.0f;
      } else if (scales[i] < least) {
        note(fmt::format(
            "layer '{}': bias {:g} is too large for int32 at the scale of its weights; scale of '{}' raised from "
            "{:g} to {:g}, so small weights lose precision",
            node.name, largest_bias[i], weights.name, scales[i], least));
        scales[i] = std::nextafter(static_cast<float>(least), std::numeric_limits<float>::infinity());
      }
    }
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

  static void quantize_bias(Tensor& bias, const std::vector<float>& weight_scales, float input_scale) {
    std::vector<float> scales;  // as float products, which is what runtimes compare with
    for (float scale : weight_scales) scales.push_back(input_scale * scale);
    std::vector<int32_t> stored;
    const std::span<const float> values = std::as_const(bias).floats();
    for (size_t i = 0; i < values.size(); ++i) {
      const double scale = scales[scales.size() == 1 ? 0 : i];
      stored.push_back(static_cast<int32_t>(std::clamp<double>(
          std::round(values[i] / scale), std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max())));
    }
    bias.type.quant = {scales, std::vector<int32_t>(scales.size()), 0};
    bias.type.dtype = DType::int32;
    bias.data = to_bytes(stored);
  }

  Result<void> solve_outputs(const Node& node) {
    const QuantRule& rule = node.op->quant;
    for (int32_t output : node.outputs) {
      if (rule.output == OutputRule::number) continue;
      if (rule.output == OutputRule::free || rule.output == OutputRule::joined) {
        MOTE_CHECK(from_range(output, "layer '" + node.name + "'"));
      } else {
        tensor(output).type.quant = rule.output == OutputRule::fixed
                                        ? per_tensor({rule.fixed_scale, rule.fixed_zero_point})
                                        : tensor(node.inputs[data_input(*node.op)]).type.quant;
        tensor(output).type.dtype = DType::int8;
      }
    }
    return {};
  }

  const Graph& source_;
  Graph result_;
  std::vector<Node> nodes_;  // solved so far
  const QuantizeConfig& config_;
  std::vector<std::string>* notes_;
  const std::map<int32_t, InputMoments>* moments_;
  std::vector<TensorRange> ranges_;  // by tensor; absent ones have tensor == kAbsent
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
  MOTE_TRY(const auto moments, input_moments(float_graph, data));
  return apply_quantization(float_graph, ranges, config, notes, &moments);
}

}  // namespace mote
