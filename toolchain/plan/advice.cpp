#include <fmt/format.h>

#include <algorithm>

#include "toolchain/plan/format.h"
#include "toolchain/plan/inspect.h"

namespace mote {
namespace {

std::string tensor_text(const Graph& graph, int32_t tensor) {
  return fmt::format("tensor {} ({} B)", tensor, with_separators(graph.tensors[tensor].type.bytes()));
}

std::string node_text(const Graph& graph, int32_t node) {
  return fmt::format("node {} {}", node, operator_name(graph.nodes[node]));
}

bool holds(const std::vector<int32_t>& list, int32_t tensor) {
  return std::find(list.begin(), list.end(), tensor) != list.end();
}

// Why output 0 of a node lies apart from input 0; empty when it does not.
std::string apart_reason(const Graph& graph, const MemoryPlan& plan, int32_t index) {
  const Node& node = graph.nodes[index];
  if (node.inputs.empty() || node.outputs.empty() || node.inputs[0] == kAbsent) return "";
  const int32_t input = node.inputs[0], output = node.outputs[0];
  if (plan.offsets[input] < 0 || plan.leads[index] >= 0 || plan.shares_with[output] == input) return "";
  const std::string text = tensor_text(graph, input);
  if (holds(graph.outputs, input)) return text + " is an output of the model, so it outlives its readers";
  if (plan.lifetimes[input].last > index)
    return fmt::format("{} is read again by {}", text, node_text(graph, plan.lifetimes[input].last));
  return fmt::format("{} lies apart from what {} makes of it", text, node_text(graph, index));
}

}  // namespace

std::vector<std::string> what_holds_the_peak(const Graph& graph, const MemoryPlan& plan) {
  std::vector<std::string> lines;
  const int32_t peak = plan.peak_node;
  if (peak < 0 || graph.nodes.empty()) return lines;
  const Node& node = graph.nodes[peak];
  for (int32_t tensor : plan.peak_tensors)
    if (!holds(node.inputs, tensor) && !holds(node.outputs, tensor))
      lines.push_back(fmt::format("{} waits there for {}", tensor_text(graph, tensor),
                                  node_text(graph, plan.lifetimes[tensor].last)));
  const std::string apart = apart_reason(graph, plan, peak);
  if (!apart.empty()) lines.push_back(apart);
  if (plan.leads[peak] >= 0)
    lines.push_back(fmt::format("its output begins {} B before its input and covers it: the larger of the two counts",
                                with_separators(plan.leads[peak])));
  if (plan.scratch_bytes[peak] > 0)
    lines.push_back(fmt::format("its kernel wants {} B of scratch", with_separators(plan.scratch_bytes[peak])));
  if (plan.arena_bytes > plan.lower_bound)
    lines.push_back(
        fmt::format("{} B more than any one operator needs, because tensors that overlap in a row each begin "
                    "a little before the last, or because holes are left",
                    with_separators(plan.arena_bytes - plan.lower_bound)));
  return lines;
}

}  // namespace mote
