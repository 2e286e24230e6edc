#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "toolchain/plan/format.h"
#include "toolchain/plan/inspect.h"

namespace mote {
namespace {

constexpr float kTinyScale = 1e-7f;       // real scales of activations and weights are 1e-4 to 1e1
constexpr double kBiasScaleSlack = 0.02;  // relative; what TFLite tolerates
constexpr int kNameWidth = 60;

void about_operators(const Graph& graph, std::vector<std::string>& warnings) {
  std::map<std::string, std::vector<size_t>> places;  // by what is foreign
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].op == nullptr) places[graph.nodes[i].foreign].push_back(i);
  for (const auto& [foreign, nodes] : places) {
    const Node& first = graph.nodes[nodes[0]];
    warnings.push_back(
        fmt::format("mote cannot run {}: operator{} {} of {}; the first writes '{}'", foreign,
                    nodes.size() == 1 ? "" : "s", fmt::join(nodes, ", "), graph.nodes.size(),
                    first.outputs.empty() ? "" : shortened(graph.tensors[first.outputs[0]].name, kNameWidth)));
  }
}

void about_types(const Graph& graph, std::vector<std::string>& warnings) {
  int64_t floats = 0, activations = 0;
  for (const Node& node : graph.nodes)
    for (int32_t output : node.outputs) {
      ++activations;
      floats += graph.tensors[output].type.dtype == DType::float32;
    }
  if (activations > 0 && floats == activations)
    warnings.push_back("float model: int8 takes a quarter of the memory and runs faster on most boards");
  else if (floats > 0)
    warnings.push_back(fmt::format("{} of {} operator outputs are float32, the others integers", floats, activations));
}

void about_scales(const Graph& graph, std::vector<std::string>& warnings) {
  int64_t tiny_channels = 0, tiny_tensors = 0;
  std::string first;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    const std::string what = fmt::format("tensor {} '{}'", i, tensor.name);
    const bool small_integer =
        tensor.type.dtype == DType::int8 || tensor.type.dtype == DType::uint8 || tensor.type.dtype == DType::int16;
    if (small_integer && !tensor.constant && !tensor.type.quant.quantized())
      warnings.push_back(fmt::format("{} is {} without a scale", what, to_string(tensor.type.dtype)));
    if (!small_integer) continue;  // a bias's scale is a product, so it is small by nature
    const auto& scales = tensor.type.quant.scales;
    const auto tiny = std::count_if(scales.begin(), scales.end(), [](float scale) { return scale < kTinyScale; });
    if (tiny == 0) continue;
    if (tiny_tensors++ == 0) first = what;
    tiny_channels += tiny;
  }
  if (tiny_tensors > 0)
    warnings.push_back(
        fmt::format("{} scales in {} tensors are below {:g}: channels that hold next to nothing (first: {})",
                    tiny_channels, tiny_tensors, kTinyScale, first));
}

void about_weights(const Graph& graph, const Node& node, std::vector<std::string>& warnings) {
  const QuantParams* weights = nullptr;
  int32_t count = 0;  // of inputs that are weights
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] == kAbsent) continue;
    const Tensor& tensor = graph.tensors[node.inputs[i]];
    const QuantParams& quant = tensor.type.quant;
    const std::string what = fmt::format("tensor {} '{}'", node.inputs[i], tensor.name);
    if (input_role(*node.op, i) == InputRole::weights) weights = &quant, ++count;
    if (input_role(*node.op, i) == InputRole::weights && tensor.type.dtype == DType::int8 &&
        std::any_of(quant.zero_points.begin(), quant.zero_points.end(), [](int32_t zero) { return zero != 0; }))
      warnings.push_back(what + ": int8 weights with a zero point other than 0");
    if (input_role(*node.op, i) != InputRole::bias || count != 1)
      continue;  // of several, each operator has its own rule
    const int32_t data = node.inputs[data_input(*node.op)];
    if (data == kAbsent) continue;
    const QuantParams& input = graph.tensors[data].type.quant;
    if (!input.quantized() || quant.scales.size() != weights->scales.size()) continue;
    for (size_t c = 0; c < quant.scales.size(); ++c) {
      const double expected = double{input.scales[0]} * double{weights->scales[c]};
      if (std::fabs(quant.scales[c] - expected) <= kBiasScaleSlack * expected) continue;
      warnings.push_back(
          fmt::format("{}: bias scale {:g}, but input scale x weight scale is {:g}", what, quant.scales[c], expected));
      break;
    }
  }
}

}  // namespace

std::vector<std::string> model_warnings(const Graph& graph) {
  std::vector<std::string> warnings;
  about_operators(graph, warnings);
  about_types(graph, warnings);
  about_scales(graph, warnings);
  for (const Node& node : graph.nodes)
    if (node.op != nullptr) about_weights(graph, node, warnings);
  if (const auto plan = offline_plan(graph); !plan.ok()) warnings.push_back(plan.error().message);
  return warnings;
}

}  // namespace mote
