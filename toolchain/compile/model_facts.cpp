#include "toolchain/compile/model_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolchain/compile/decision.h"
#include "toolchain/compile/run_model.h"
#include "toolchain/plan/plan.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"

namespace mote {
namespace {

int64_t bytes_of(const Graph& graph, const std::vector<int32_t>& tensors) {
  int64_t sum = 0;
  for (int32_t tensor : tensors) sum += graph.tensors[tensor].type.bytes();
  return sum;
}

Result<std::vector<FirmwareOperator>> list_operators(const Graph& graph) {
  MOTE_TRY(const MemoryPlan plan, plan_memory(graph));
  std::vector<FirmwareOperator> operators;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    FirmwareOperator op{node.op->tflite_name, node.name, "", 0, plan.alive_bytes[i]};
    for (int32_t tensor : node.inputs)
      if (tensor != kAbsent) op.constant_bytes += static_cast<int64_t>(graph.tensors[tensor].data.size());
    operators.push_back(std::move(op));
  }
  return operators;
}

Result<void> find_features(const std::string& name, const Graph& graph, ModelFacts& facts) {
  MOTE_TRY(const auto metadata, model_metadata(graph));
  if (!metadata || metadata->features.empty()) return {};
  MOTE_TRY(facts.features, features_from_json(metadata->features));
  const TensorType& input = graph.tensors[graph.inputs.at(0)].type;
  const int32_t expected = facts.features->output_shape().elements();
  if (graph.inputs.size() != 1 || input.shape.elements() != expected) {
    return input_error(
        fmt::format("{}: its feature block '{}' gives {} values, but the model takes {} inputs with {} values in "
                    "the first",
                    name, facts.features->kind(), expected, graph.inputs.size(), input.shape.elements()));
  }
  const bool integers = input.dtype == DType::int8 || input.dtype == DType::int16;
  if (!integers || input.quant.scales.size() != 1) {
    facts.features.reset();  // a float model is fed by the application: feature blocks on the device give int8
    return {};
  }
  if (input.dtype == DType::int16) facts.wide_inputs = input.shape.elements();
  facts.input_scale = input.quant.scales[0];
  facts.input_zero_point = input.quant.zero_points.at(0);
  return {};
}

}  // namespace

Result<KernelUse> choose_kernel(const std::string& name, const Graph& graph, size_t index) {
  const Node& node = graph.nodes[index];
  if (node.op == nullptr) {
    const bool has_reason = node.foreign.find(": ") != std::string::npos;  // the operator is known, this form is not
    return input_error(fmt::format("{}: operator {} ('{}') is {}{}; docs/support.md lists what mote runs", name, index,
                                   node.name, node.foreign, has_reason ? "" : ", which mote lacks"));
  }
  const bool sole_kernel = node.op->kernels.size() == 1 && input_role(*node.op, 0) == InputRole::state;
  if (!node.outputs.empty() ? node.inputs.empty() || node.inputs[0] == kAbsent : !node.inputs.empty() && !sole_kernel)
    return input_error(fmt::format("{}: operator {} ('{}') has no input or no output", name, index, node.name));
  if (node.inputs.empty() || node.outputs.empty() || sole_kernel)
    return KernelUse{node.op->kernels[0].symbol, node.op->device_header, node.op->kernels[0].kernel};
  const DType input = graph.tensors[node.inputs[0]].type.dtype;
  const DType output = graph.tensors[node.outputs[0]].type.dtype;
  for (const DeviceKernel& candidate : node.op->kernels) {
    if (candidate.kernel->takes(input, output))
      return KernelUse{candidate.symbol, node.op->device_header, candidate.kernel};
  }
  return input_error(
      fmt::format("{}: operator {} ('{}', {}) has no device kernel from {} to {}; quantize the model to int8", name,
                  index, node.name, node.op->tflite_name, to_string(input), to_string(output)));
}

Result<ModelFacts> model_facts(const std::string& name, const std::vector<uint8_t>& model) {
  MOTE_TRY(const Graph graph, read_tflite(name, model));
  ModelFacts facts;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    MOTE_TRY(const KernelUse use, choose_kernel(name, graph, i));
    const auto same = [&](const KernelUse& known) { return known.symbol == use.symbol; };
    if (std::none_of(facts.kernels.begin(), facts.kernels.end(), same)) facts.kernels.push_back(use);
  }
  MOTE_TRY(facts.operators, list_operators(graph));
  if (graph.inputs.empty() || graph.outputs.empty()) return input_error(name + ": the model has no input or no output");
  facts.input_count = graph.inputs.size();
  facts.output_count = graph.outputs.size();
  facts.input_bytes = bytes_of(graph, graph.inputs);
  facts.output_bytes = bytes_of(graph, graph.outputs);
  std::vector<const Kernel*> kernels;
  for (const KernelUse& use : facts.kernels) kernels.push_back(use.kernel);
  MOTE_TRY(RunningModel running, RunningModel::start(name, model, kernels));
  facts.arena_bytes = running.interpreter().arena_used();
  MOTE_CHECK(find_features(name, graph, facts));
  MOTE_TRY(const auto metadata, model_metadata(graph));
  if (metadata) facts.decision = decision_source("model", graph, *metadata);
  return facts;
}

}  // namespace mote
