#include "cli/pipeline/layer_cost.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

#include "toolchain/base/quant_params.h"
#include "toolchain/graph/passes/fake_quantization.h"
#include "toolchain/train/metrics.h"

namespace mote {
namespace {

constexpr int64_t kMostWindows = 500, kLeastWindows = 50;
constexpr int64_t kMostMacs = 10'000'000'000;  // some seconds

struct Layer {
  std::string name;
  std::vector<int32_t> nodes;
};

// Steps that a layer was written out to ("gru/3/update") count as that layer; all else goes by its own name.
std::string layer_name(const std::string& node) {
  static const std::regex step("/[0-9]+(/|$)");
  std::smatch found;
  return std::regex_search(node, found, step) ? found.prefix().str() : node;
}

std::vector<Layer> layers_of(const Graph& graph) {
  std::vector<Layer> layers;
  std::map<std::string, size_t> known;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const std::string name = layer_name(graph.nodes[i].name);
    const auto [found, added] = known.try_emplace(name, layers.size());
    if (added) layers.push_back({name, {}});
    layers[found->second].nodes.push_back(static_cast<int32_t>(i));
  }
  return layers;
}

// As many windows as a run of the graph for each of its layers allows.
int64_t windows_for(const Graph& graph, size_t layers) {
  const int64_t each = std::max<int64_t>(graph.macs() * static_cast<int64_t>(layers), 1);
  return std::clamp(kMostMacs / each, kLeastWindows, kMostWindows);
}

// Every n-th window, so that no more than `most` are left.
DataPart thinned(const DataPart& part, int64_t most) {
  DataPart some;
  const int64_t step = 1 + (part.size() - 1) / most, count = part.size();
  const size_t targets = count > 0 ? part.targets.size() / static_cast<size_t>(count) : 0;
  for (int64_t i = 0; i < count; i += step) {
    some.windows.push_back(part.windows[static_cast<size_t>(i)]);
    const auto first = part.targets.begin() + i * static_cast<int64_t>(targets);
    some.targets.insert(some.targets.end(), first, first + static_cast<int64_t>(targets));
  }
  return some;
}

std::vector<TensorRange> ranges_of(const Graph& float_graph, const Graph& int8_graph) {
  std::map<std::string, const TensorType*> types;
  for (const Tensor& tensor : int8_graph.tensors)
    if (!tensor.constant && tensor.type.quant.quantized()) types[tensor.name] = &tensor.type;
  std::vector<TensorRange> ranges;
  for (size_t i = 0; i < float_graph.tensors.size(); ++i) {
    const auto found = types.find(float_graph.tensors[i].name);
    if (found == types.end()) continue;
    const float scale = found->second->quant.scales[0];
    const int32_t zero_point = found->second->quant.zero_points[0];
    ranges.push_back(
        {static_cast<int32_t>(i), dequantize(kInt8Min, scale, zero_point), dequantize(kInt8Max, scale, zero_point)});
  }
  return ranges;
}

bool per_channel_dense(const Graph& int8_graph) {
  return std::ranges::any_of(int8_graph.tensors, [](const Tensor& tensor) {
    return tensor.constant && tensor.type.dtype == DType::int8 && tensor.type.shape.rank == 2 &&
           tensor.type.quant.per_channel();
  });
}

double metric_of(const Dataset& dataset, const DataPart& part, const CalibrationData& inputs,
                 const OutputMatrix& outputs) {
  double sum = 0;
  if (dataset.task == DataTask::classification) {
    const std::vector<int32_t> found =
        predicted_classes<float>(outputs.values, static_cast<int32_t>(dataset.classes.size()));
    for (size_t i = 0; i < found.size(); ++i) sum += found[i] == part.windows[i].label;
    return sum / static_cast<double>(found.size());
  }
  if (dataset.task == DataTask::anomaly) {  // an auto-encoder's target is its input
    std::vector<float> input(static_cast<size_t>(outputs.columns));
    for (int64_t row = 0; row < outputs.rows; ++row) {
      inputs.fill(row, 0, input);
      const std::span<const float> output = outputs.row(row);
      for (size_t i = 0; i < input.size(); ++i) sum += std::fabs(double{output[i]} - double{input[i]});
    }
    return sum / static_cast<double>(outputs.values.size());
  }
  for (size_t i = 0; i < outputs.values.size(); ++i) sum += std::fabs(double{outputs.values[i]} - part.targets[i]);
  return sum / static_cast<double>(outputs.values.size());
}

double deviation(std::span<const float> values) {
  double mean = 0, squares = 0;
  for (const float value : values) mean += double{value} / static_cast<double>(values.size());
  for (const float value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

double output_error(const OutputMatrix& reference, const OutputMatrix& outputs) {
  constexpr double kRounding = 1e-6;  // of the largest output: outputs that deviate less are all the same
  double squares = 0, largest = 0;
  for (size_t i = 0; i < reference.values.size(); ++i) {
    squares += std::pow(double{outputs.values[i]} - double{reference.values[i]}, 2);
    largest = std::max(largest, std::fabs(double{reference.values[i]}));
  }
  const double size = deviation(reference.values);
  return size > kRounding * largest ? std::sqrt(squares / static_cast<double>(reference.values.size())) / size : 0;
}

}  // namespace

Result<Json> layer_costs(const Graph& float_graph, const Graph& int8_graph, const Loaded& loaded, const DataPart& part,
                         int threads) {
  const std::vector<Layer> layers = layers_of(float_graph);
  const DataPart some = thinned(part, windows_for(float_graph, layers.size()));
  const WindowInputs inputs(loaded, some);
  ThreadPool pool(threads);
  MOTE_TRY(const OutputMatrix reference, float_outputs(float_graph, inputs, pool));
  const bool classification = loaded.dataset.task == DataTask::classification;
  const double metric = metric_of(loaded.dataset, some, inputs, reference);
  const std::vector<TensorRange> ranges = ranges_of(float_graph, int8_graph);
  std::vector<Json> costs;
  for (const Layer& layer : layers) {
    Graph graph = float_graph;
    FakeQuantization quantization;
    quantization.ranges = ranges;
    quantization.per_channel_weights = per_channel_dense(int8_graph);
    quantization.only = layer.nodes;
    MOTE_CHECK(insert_fake_quantization(graph, quantization));
    if (graph.nodes.size() == float_graph.nodes.size()) continue;  // it only moves numbers
    MOTE_TRY(const OutputMatrix outputs, float_outputs(graph, inputs, pool));
    costs.push_back({{"layer", layer.name},
                     {"metric", classification ? "accuracy" : "mae"},
                     {"change", metric_of(loaded.dataset, some, inputs, outputs) - metric},
                     {"output_error", output_error(reference, outputs)}});
  }
  const auto cost = [&](const Json& each) {
    const double change = each.at("change").get<double>();
    return std::pair{classification ? -change : change, each.at("output_error").get<double>()};
  };
  std::ranges::stable_sort(costs, [&](const Json& a, const Json& b) { return cost(a) > cost(b); });
  return Json(costs);
}

}  // namespace mote
