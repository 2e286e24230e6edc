#include "toolchain/compile/decision.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolchain/compile/c_interface.h"

namespace mote {
namespace {

std::string answer_function(const std::string& name, const Tensor& output, const std::vector<double>& thresholds) {
  std::string list;
  for (const double threshold : thresholds)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", stored_threshold(threshold, output.type.quant));
  return fmt::format(
      "\n/* The number of the label that output 0 stands for: the largest output, the first of equal ones, if it "
      "reaches its\n   threshold; -1 if it does not. */\n"
      "static inline int {0}_answer(const int8_t* output) {{\n"
      "  static const int16_t thresholds[{1}] = {{{2}}}; /* as output 0 is stored; 128: never */\n"
      "  int i, best = 0;\n"
      "  for (i = 1; i < {1}; ++i)\n    if (output[i] > output[best]) best = i;\n"
      "  return output[best] >= thresholds[best] ? best : -1;\n}}\n",
      name, thresholds.size(), list);
}

std::string score_function(const std::string& name, const Tensor& input, const Tensor& output) {
  return fmt::format(
      "\n/* Mean squared difference between input 0 and output 0, in the input's units; above {1}_THRESHOLD it is an\n"
      "   anomaly. A run overwrites input 0: `input` is a copy made before it. */\n"
      "static inline float {0}_score(const int8_t* input, const int8_t* output) {{\n"
      "  float sum = 0.0f;\n  int i;\n"
      "  for (i = 0; i < {2}; ++i) {{\n"
      "    const float given = {3} * (float)(input[i] - ({4}));\n"
      "    const float returned = {5} * (float)(output[i] - ({6}));\n"
      "    sum += (given - returned) * (given - returned);\n  }}\n"
      "  return sum / (float){2};\n}}\n",
      name, macro_prefix(name), input.type.shape.elements(), cpp_float(input.type.quant.scales[0]),
      input.type.quant.zero_points[0], cpp_float(output.type.quant.scales[0]), output.type.quant.zero_points[0]);
}

}  // namespace

int32_t stored_threshold(double threshold, const QuantParams& quant) {
  int32_t stored = -128;
  while (stored < 128 && double{quant.scales[0] * static_cast<float>(stored - quant.zero_points[0])} < threshold)
    ++stored;
  return stored;
}

double threshold_value(int32_t stored, const QuantParams& quant) {
  return double{quant.scales[0]} * (stored - quant.zero_points[0] - 0.5);
}

std::vector<int16_t> stored_thresholds(const std::vector<double>& thresholds, const DecisionRule& rule,
                                       const QuantParams& quant, size_t labels) {
  std::vector<int16_t> stored;
  for (size_t i = 0; i < labels; ++i) {
    const bool ignored =
        std::find(rule.ignored.begin(), rule.ignored.end(), static_cast<int32_t>(i)) != rule.ignored.end();
    const int32_t lowest = thresholds.empty() ? -128 : stored_threshold(thresholds[i], quant);
    stored.push_back(static_cast<int16_t>(ignored ? 128 : lowest));
  }
  return stored;
}

std::string decision_source(const std::string& name, const Graph& graph, const ModelMetadata& metadata) {
  const std::vector<double>& thresholds = metadata.thresholds;
  if (thresholds.empty() || graph.inputs.size() != 1 || graph.outputs.size() != 1) return "";
  const Tensor& input = graph.tensors[static_cast<size_t>(graph.inputs[0])];
  const Tensor& output = graph.tensors[static_cast<size_t>(graph.outputs[0])];
  const bool anomaly = metadata.task == "anomaly";
  std::string text = "\n";
  for (size_t i = 0; i < thresholds.size(); ++i)
    text += fmt::format("#define {}_THRESHOLD{} {}\n", macro_prefix(name), anomaly ? "" : fmt::format("_{}", i),
                        cpp_float(static_cast<float>(thresholds[i])));
  const auto int8 = [](const Tensor& tensor) {
    return tensor.type.dtype == DType::int8 && tensor.type.quant.scales.size() == 1;
  };
  const auto elements = static_cast<size_t>(output.type.shape.elements());
  if (anomaly && int8(input) && int8(output) && input.type.shape.elements() == output.type.shape.elements())
    return text + score_function(name, input, output);
  if (!anomaly && int8(output) && elements == thresholds.size())
    return text + answer_function(name, output, thresholds);
  return text;
}

}  // namespace mote
