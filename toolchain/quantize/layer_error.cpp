#include "toolchain/quantize/layer_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "toolchain/base/quant_params.h"
#include "toolchain/graph/float_executor.h"

namespace mote {
namespace {

// Sums over all values of one tensor and all examples.
struct ErrorSums {
  double signal = 0, noise = 0, error = 0, largest = 0;
  int64_t values = 0, saturated = 0;

  void add(std::span<const float> reference, const RuntimeTensor& actual) {
    const std::vector<float> values_seen = actual.dequantized();
    const float low = dequantize(kInt8Min, actual.scale, actual.zero_point);
    const float high = dequantize(kInt8Max, actual.scale, actual.zero_point);
    const float half = actual.scale / 2;
    for (size_t i = 0; i < reference.size(); ++i) {
      const double difference = double{values_seen[i]} - reference[i];
      signal += double{reference[i]} * reference[i];
      noise += difference * difference;
      error += difference;
      largest = std::max(largest, std::fabs(difference));
      if (actual.dtype == DType::int8 && (reference[i] < low - half || reference[i] > high + half)) ++saturated;
    }
    values += static_cast<int64_t>(reference.size());
  }
  double sqnr_db() const {
    return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
  }
};

LayerError summarize(const Node& node, const Tensor& tensor, const ErrorSums& sums) {
  LayerError layer{.layer = node.name, .op = node.op->name, .tensor = tensor.name};
  layer.scale = tensor.type.quant.quantized() ? tensor.type.quant.scales[0] : 0;
  layer.sqnr_db = sums.sqnr_db();
  layer.max_abs = sums.largest;
  layer.mean = sums.values == 0 ? 0 : sums.error / static_cast<double>(sums.values);
  layer.saturated = sums.values == 0 ? 0 : static_cast<double>(sums.saturated) / static_cast<double>(sums.values);
  if (layer.scale > 0) {
    layer.max_abs_lsb = layer.max_abs / layer.scale;
    layer.mean_lsb = layer.mean / layer.scale;
  }
  return layer;
}

// A node that quantization has put in; the float graph has none at its place.
bool requantizes(const Node& node) {
  return node.op != nullptr && node.op->quant.output == OutputRule::boundary;
}

// For each tensor of the int8 graph that a layer makes or that is an input: the float tensor of the same name.
Result<std::vector<int32_t>> pair_tensors(const Graph& float_graph, const Graph& int8_graph) {
  std::map<std::string, int32_t> by_name;
  for (size_t i = 0; i < float_graph.tensors.size(); ++i)
    by_name.emplace(float_graph.tensors[i].name, static_cast<int32_t>(i));
  std::vector<int32_t> pairs(int8_graph.tensors.size(), kAbsent);
  const auto pair = [&](int32_t index, const std::string& owner) -> Result<void> {
    const Tensor& tensor = int8_graph.tensors[static_cast<size_t>(index)];
    const auto found = by_name.find(tensor.name);
    if (found == by_name.end() ||
        float_graph.tensors[static_cast<size_t>(found->second)].type.shape != tensor.type.shape)
      return input_error(
          fmt::format("{}: the float model has no tensor '{}' of shape {}; the two models are not the same "
                      "network, so their layers cannot be compared",
                      owner, tensor.name, to_string(tensor.type.shape)));
    pairs[static_cast<size_t>(index)] = found->second;
    return {};
  };
  for (int32_t input : int8_graph.inputs) MOTE_CHECK(pair(input, "the model's input"));
  for (const Node& node : int8_graph.nodes) {
    if (requantizes(node)) continue;
    for (int32_t output : node.outputs) MOTE_CHECK(pair(output, "layer '" + node.name + "'"));
  }
  return pairs;
}

// The layer whose output is furthest below its (noisiest) input, in dB: where the loss arises, not where it is passed
// on.
int32_t find_worst(const Graph& graph, const std::vector<ErrorSums>& sums) {
  int32_t worst = -1;
  double largest_fall = -std::numeric_limits<double>::infinity();
  const auto sqnr = [&](int32_t tensor) { return std::min(sums[static_cast<size_t>(tensor)].sqnr_db(), 200.0); };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    double entering = 200.0;
    for (int32_t input : graph.nodes[i].inputs)
      if (input != kAbsent && sums[static_cast<size_t>(input)].values > 0) entering = std::min(entering, sqnr(input));
    if (graph.nodes[i].outputs.empty() || requantizes(graph.nodes[i])) continue;
    const double fall = entering - sqnr(graph.nodes[i].outputs[0]);
    if (fall > largest_fall) largest_fall = fall, worst = static_cast<int32_t>(i);
  }
  return worst;
}

}  // namespace

Result<LayerErrors> layer_errors(const Graph& float_graph, const Graph& int8_graph, Int8Executor& int8_model,
                                 const CalibrationData& data) {
  if (static_cast<int32_t>(int8_graph.nodes.size()) != int8_model.operator_count())
    return defect(fmt::format("layer errors: the graph has {} layers, the model {} operators", int8_graph.nodes.size(),
                              int8_model.operator_count()));
  MOTE_TRY(const std::vector<int32_t> pairs, pair_tensors(float_graph, int8_graph));
  MOTE_TRY(FloatExecutor reference, FloatExecutor::create(float_graph, 1));
  std::vector<ErrorSums> sums(int8_graph.tensors.size());
  const auto compare = [&](int32_t tensor, const RuntimeTensor& actual) {
    if (pairs[static_cast<size_t>(tensor)] == kAbsent) return;
    sums[static_cast<size_t>(tensor)].add(reference.tensor(pairs[static_cast<size_t>(tensor)]), actual);
  };
  for (int64_t example = 0; example < data.count(); ++example) {
    for (int32_t i = 0; i < static_cast<int32_t>(float_graph.inputs.size()); ++i) {
      data.fill(example, i, reference.input(i));
      int8_model.set_input(i, reference.input(i));
      compare(int8_graph.inputs[static_cast<size_t>(i)], int8_model.input(i));
    }
    reference.run();
    int8_model.reset();  // as the float graph, of which every call is the first
    MOTE_CHECK(int8_model.invoke([&](int32_t index) {
      for (int32_t output : int8_graph.nodes[static_cast<size_t>(index)].outputs)
        compare(output, int8_model.tensor(output));
    }));
  }
  LayerErrors result{{}, -1, data.count()};
  const int32_t worst = find_worst(int8_graph, sums);
  for (const Node& node : int8_graph.nodes) {
    if (node.outputs.empty() || requantizes(node)) continue;
    if (&node - int8_graph.nodes.data() == worst) result.worst = static_cast<int32_t>(result.layers.size());
    const size_t output = static_cast<size_t>(node.outputs[0]);
    result.layers.push_back(summarize(node, int8_graph.tensors[output], sums[output]));
  }
  return result;
}

}  // namespace mote
