#include "toolchain/compile/lower.h"

#include <fmt/format.h>

#include "toolchain/compile/model_facts.h"
#include "toolchain/compile/run_model.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

// A model of this node alone. What the operator takes as an activation becomes an input of it.
Graph single_node(const Graph& graph, const Node& node) {
  Graph single;
  single.tensors = graph.tensors;
  single.nodes = {node};
  single.outputs = node.outputs;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const int32_t tensor = node.inputs[i];
    const auto role = i < std::size(node.op->quant.inputs) ? node.op->quant.inputs[i] : InputRole::activation;
    if (tensor == kAbsent || role != InputRole::activation || !single.tensors[tensor].constant) continue;
    single.tensors[tensor].constant = false;
    single.tensors[tensor].data.clear();
    single.inputs.push_back(tensor);
  }
  for (size_t i = 0; i < single.inputs.size(); ++i) single.input_names.push_back(fmt::format("input_{}", i));
  for (size_t i = 0; i < single.outputs.size(); ++i) single.output_names.push_back(fmt::format("output_{}", i));
  return single;
}

Result<std::vector<std::vector<uint8_t>>> evaluate(const std::string& name, const Graph& graph, const Node& node) {
  Graph single = single_node(graph, node);
  std::vector<const std::vector<uint8_t>*> inputs;
  for (int32_t tensor : single.inputs) inputs.push_back(&graph.tensors[tensor].data);
  remove_unused(single);
  MOTE_TRY(const std::vector<uint8_t> model, write_tflite(single));
  MOTE_TRY(const KernelUse use, choose_kernel(name, single, 0));
  MOTE_TRY(RunningModel running, RunningModel::start(name, model, {use.kernel}));
  Interpreter& interpreter = running.interpreter();
  for (size_t i = 0; i < inputs.size(); ++i)
    std::copy(inputs[i]->begin(), inputs[i]->end(),
              static_cast<uint8_t*>(interpreter.input(static_cast<int32_t>(i)).data));
  if (interpreter.invoke() != Status::ok) return defect(fmt::format("{}: operator '{}' did not run", name, node.name));
  std::vector<std::vector<uint8_t>> outputs;
  for (int32_t i = 0; i < interpreter.output_count(); ++i) {
    const TensorView view = interpreter.output(i);
    const auto* data = static_cast<const uint8_t*>(view.data);
    outputs.emplace_back(data, data + view.bytes);
  }
  return outputs;
}

}  // namespace

Result<void> lower(const std::string& name, Graph& graph) {
  const auto run = [&name](const Graph& whole, const Node& node) { return evaluate(name, whole, node); };
  MOTE_TRY([[maybe_unused]] const int32_t folded, fold_constants(graph, run));
  remove_requantization(graph);
  merge_padding(graph);
  remove_constant_channels(graph);
  remove_unused(graph);
  return {};
}

}  // namespace mote
