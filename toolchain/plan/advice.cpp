#include <fmt/ranges.h>

#include <algorithm>

#include "toolchain/plan/format.h"
#include "toolchain/plan/inspect.h"

namespace mote {
namespace {

std::string tensor_text(const Graph& graph, int32_t tensor) {
  return fmt::format("tensor {} ({} B)", tensor, with_separators(graph.tensors[tensor].type.bytes()));
}

const RowStream* stream_of(const MemoryPlan& plan, int32_t node) {
  for (const RowStream& stream : plan.streams)
    if (stream.holds(node)) return &stream;
  return nullptr;
}

// Read or written by a node, or by one of those that it runs together with.
bool is_used(const Graph& graph, const MemoryPlan& plan, int32_t node, int32_t tensor) {
  const RowStream* const stream = stream_of(plan, node);
  for (int32_t i = stream == nullptr ? node : stream->first; i <= (stream == nullptr ? node : stream->last); ++i)
    for (const auto* list : {&graph.nodes[i].inputs, &graph.nodes[i].outputs})
      if (std::find(list->begin(), list->end(), tensor) != list->end()) return true;
  return false;
}

// Of a node, or of the most demanding of those that it runs together with.
int64_t scratch_at(const MemoryPlan& plan, int32_t node) {
  int64_t most = plan.scratch_bytes[node];
  if (const RowStream* const stream = stream_of(plan, node); stream != nullptr)
    for (int32_t i = stream->first; i <= stream->last; ++i) most = std::max(most, plan.scratch_bytes[i]);
  return most;
}

// "2 to 5 (conv_2d, add)", each operator named once.
std::string nodes_text(const Graph& graph, const RowStream& stream) {
  std::vector<std::string> names;
  for (int32_t i = stream.first; i <= stream.last; ++i)
    if (std::find(names.begin(), names.end(), graph.nodes[i].op->name) == names.end())
      names.emplace_back(graph.nodes[i].op->name);
  return fmt::format("{} to {} ({})", stream.first, stream.last, fmt::join(names, ", "));
}

std::string stream_text(const Graph& graph, const MemoryPlan& plan, const RowStream& stream) {
  int64_t rows = 0, whole = 0;
  for (const RowStream::Kept& kept : stream.kept) {
    rows += plan.tensor_bytes[kept.tensor];
    whole += graph.tensors[kept.tensor].type.bytes();
  }
  return fmt::format("nodes {} go by rows, {} at a time: between them {} B are in memory instead of {} B",
                     nodes_text(graph, stream), stream.stages.back().rate, with_separators(rows),
                     with_separators(whole));
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
  if (stream_of(plan, index) != nullptr) return "";
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
  for (int32_t tensor : plan.peak_tensors)
    if (!is_used(graph, plan, peak, tensor))
      lines.push_back(fmt::format("{} waits there for {}", tensor_text(graph, tensor),
                                  node_text(graph, plan.lifetimes[tensor].last)));
  for (int32_t input : graph.inputs)
    if (holds(plan.peak_tensors, input))
      lines.push_back(
          fmt::format("{} is an input, which the application writes as a whole", tensor_text(graph, input)));
  if (const RowStream* const stream = stream_of(plan, peak); stream != nullptr)
    lines.push_back("its " + stream_text(graph, plan, *stream));
  const std::string apart = apart_reason(graph, plan, peak);
  if (!apart.empty()) lines.push_back(apart);
  if (plan.leads[peak] >= 0)
    lines.push_back(fmt::format("its output begins {} B before its input and covers it: the larger of the two counts",
                                with_separators(plan.leads[peak])));
  const int64_t scratch = scratch_at(plan, peak);
  if (scratch > 0) lines.push_back(fmt::format("its kernel wants {} B of scratch", with_separators(scratch)));
  if (plan.arena_bytes > plan.lower_bound)
    lines.push_back(
        fmt::format("{} B more than any one operator needs, because tensors that overlap in a row each begin "
                    "a little before the last, or because holes are left",
                    with_separators(plan.arena_bytes - plan.lower_bound)));
  return lines;
}

std::vector<std::string> what_rows_save(const ArenaPlans& plans) {
  std::vector<std::string> lines;
  for (const RowStream& stream : plans.compiled.streams)
    lines.push_back(stream_text(plans.lowered, plans.compiled, stream));
  if (!lines.empty())
    lines.push_back(fmt::format("by rows the arena is {} B smaller than the {} B that it takes with every tensor whole",
                                with_separators(plans.whole.arena_bytes - plans.compiled.arena_bytes),
                                with_separators(plans.whole.arena_bytes)));
  return lines;
}

Result<ArenaPlans> arena_plans(const Graph& graph, Graph lowered) {
  ArenaPlans plans;
  plans.lowered = std::move(lowered);
  MOTE_TRY(plans.interpreted, plan_memory(graph));
  MOTE_TRY(plans.compiled, plan_memory(plans.lowered, Sharing::rows));
  MOTE_TRY(plans.whole, plan_memory(plans.lowered, Sharing::overlap));
  return plans;
}

}  // namespace mote
