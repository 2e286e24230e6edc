#include "toolchain/quantize/bias_correction.h"

#include <algorithm>
#include <optional>

#include "toolchain/base/quant_params.h"
#include "toolchain/graph/float_executor.h"
#include "toolchain/graph/fused_activation.h"

namespace mote {
namespace {

constexpr int64_t kMostExamples = 512;

struct Layer {
  size_t node = 0;  // in the float graph
  int32_t weights = kAbsent, bias = kAbsent;
};

// Without recurrent layers, whose biases act within.
std::vector<Layer> layers_with_bias(const Graph& graph) {
  std::vector<Layer> layers;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Layer layer{n};
    const Node& node = graph.nodes[n];
    bool recurrent = false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == kAbsent) continue;
      recurrent = recurrent || input_role(*node.op, i) == InputRole::state;
      if (input_role(*node.op, i) == InputRole::weights) layer.weights = node.inputs[i];
      if (input_role(*node.op, i) == InputRole::bias) layer.bias = node.inputs[i];
    }
    if (layer.weights != kAbsent && layer.bias != kAbsent && !recurrent) layers.push_back(layer);
  }
  return layers;
}

// What the integers of a quantized constant stand for, per channel or not.
void take_dequantized(const Tensor& quantized, Tensor& real) {
  const QuantParams& q = quantized.type.quant;
  const ChannelLayout layout(quantized.type.shape, q.per_channel() ? q.axis : quantized.type.shape.rank);
  const auto* stored = reinterpret_cast<const int8_t*>(quantized.data.data());
  std::span<float> values = real.floats();
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = q.per_channel() ? static_cast<size_t>(layout.channel_of(static_cast<int64_t>(i))) : 0;
    values[i] = dequantize(stored[i], q.scales[channel], 0);
  }
}

// Mean of the node's output before its activation, for each index of the last dimension.
Result<std::vector<double>> channel_means(Graph& graph, size_t node, const CalibrationData& data) {
  Node& measured = graph.nodes[node];
  const std::optional<Activation> activation = fused_activation(measured);
  if (activation) set_fused_activation(measured, Activation::none);
  std::vector<double> means;
  {
    MOTE_TRY(FloatExecutor executor, FloatExecutor::create(graph, 1));
    const int64_t step = 1 + (data.count() - 1) / kMostExamples;
    int64_t rows = 0;
    for (int64_t example = 0; example < data.count(); example += step) {
      for (int32_t i = 0; i < static_cast<int32_t>(graph.inputs.size()); ++i) data.fill(example, i, executor.input(i));
      executor.run();
      const int32_t output = measured.outputs[0];
      const std::span<const float> values = executor.tensor(output);
      means.resize(static_cast<size_t>(graph.tensors[static_cast<size_t>(output)].type.shape.last()));
      for (size_t i = 0; i < values.size(); ++i) means[i % means.size()] += double{values[i]};
      rows += static_cast<int64_t>(values.size() / means.size());
    }
    for (double& mean : means) mean /= static_cast<double>(rows);
  }
  if (activation) set_fused_activation(measured, *activation);
  return means;
}

}  // namespace

Result<Graph> correct_biases(const Graph& graph, const Graph& quantized, const CalibrationData& data) {
  Graph reference = graph, rounded = graph, corrected = graph;
  // apply_quantization() keeps tensors at their places; a constant that layers share has its int8 form there too.
  for (const Layer& layer : layers_with_bias(graph)) {
    const auto weights = static_cast<size_t>(layer.weights), bias = static_cast<size_t>(layer.bias);
    take_dequantized(quantized.tensors[weights], rounded.tensors[weights]);
    MOTE_TRY(const std::vector<double> wanted, channel_means(reference, layer.node, data));
    MOTE_TRY(const std::vector<double> found, channel_means(rounded, layer.node, data));
    const std::span<float> rounded_bias = rounded.tensors[bias].floats(), result = corrected.tensors[bias].floats();
    for (size_t c = 0; c < result.size() && c < wanted.size(); ++c)
      result[c] = rounded_bias[c] += static_cast<float>(wanted[c] - found[c]);
  }
  return corrected;
}

}  // namespace mote
