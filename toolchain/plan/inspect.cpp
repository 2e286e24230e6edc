#include "toolchain/plan/inspect.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolchain/plan/format.h"

namespace mote {
namespace {

Json shape_json(const Shape& shape) {
  Json dims = Json::array();
  for (int32_t i = 0; i < shape.rank; ++i) dims.push_back(shape[i]);
  return dims;
}

Json quantization_json(const QuantParams& quant) {
  if (!quant.quantized()) return nullptr;
  if (!quant.per_channel()) return {{"scale", quant.scales[0]}, {"zero_point", quant.zero_points[0]}};
  return {{"scales", quant.scales}, {"zero_points", quant.zero_points}, {"axis", quant.axis}};
}

Json tensor_json(const Graph& graph, const MemoryPlan& plan, size_t index) {
  const Tensor& tensor = graph.tensors[index];
  Json json = {{"index", index},
               {"name", tensor.name},
               {"type", to_string(tensor.type.dtype)},
               {"shape", shape_json(tensor.type.shape)},
               {"bytes", tensor.type.bytes()},
               {"constant", tensor.constant},
               {"quantization", quantization_json(tensor.type.quant)}};
  if (plan.offsets[index] < 0) return json;
  json["offset"] = plan.offsets[index];
  json["first_node"] = plan.lifetimes[index].first;
  json["last_node"] = plan.lifetimes[index].last;
  if (plan.shares_with[index] != kAbsent) json["in_place_of"] = plan.shares_with[index];
  return json;
}

struct Totals {
  int64_t parameters = 0, parameter_bytes = 0;
};

// Each constant once, though several operators may read it.
Totals count_parameters(const Graph& graph) {
  Totals totals;
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.constant) continue;
    totals.parameters += tensor.type.shape.elements();
    totals.parameter_bytes += tensor.type.bytes();
  }
  return totals;
}

int64_t node_parameters(const Graph& graph, const Node& node) {
  int64_t count = 0;
  for (int32_t input : node.inputs)
    if (input != kAbsent && graph.tensors[input].constant) count += graph.tensors[input].type.shape.elements();
  return count;
}

int64_t foreign_nodes(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return node.op == nullptr; });
}

Json operator_json(const Graph& graph, const MemoryPlan& plan, size_t index) {
  const Node& node = graph.nodes[index];
  Json json = {{"index", index},        {"op", operator_name(node)}, {"runs", node.op != nullptr},
               {"inputs", node.inputs}, {"outputs", node.outputs},   {"parameters", node_parameters(graph, node)}};
  if (node.op == nullptr) json["reason"] = node.foreign;
  json["macs"] = node.op == nullptr ? Json(nullptr) : Json(node_cost(graph, node).macs);
  json["scratch_bytes"] = plan.scratch_bytes[index];
  if (plan.scratch_offsets[index] >= 0) json["scratch_offset"] = plan.scratch_offsets[index];
  return json;
}

Json ends_json(const Graph& graph, const std::vector<int32_t>& ends, const std::vector<std::string>& names) {
  Json list = Json::array();
  for (size_t i = 0; i < ends.size(); ++i) {
    const Tensor& tensor = graph.tensors[ends[i]];
    list.push_back({{"name", i < names.size() ? names[i] : tensor.name},
                    {"tensor", ends[i]},
                    {"type", to_string(tensor.type.dtype)},
                    {"shape", shape_json(tensor.type.shape)},
                    {"quantization", quantization_json(tensor.type.quant)}});
  }
  return list;
}

std::vector<std::string> all_warnings(const InspectedFile& facts, const Graph& graph) {
  std::vector<std::string> warnings = facts.warnings;
  for (std::string& warning : model_warnings(graph)) warnings.push_back(std::move(warning));
  return warnings;
}

std::string type_text(const TensorType& type) {
  return to_string(type.dtype) + " " + to_string(type.shape);
}

std::string quantization_text(const QuantParams& quant) {
  if (!quant.quantized()) return "";
  if (quant.per_channel()) return fmt::format("{} scales along {}", quant.scales.size(), quant.axis);
  return fmt::format("{:.6g} x (q - {})", quant.scales[0], quant.zero_points[0]);
}

std::string heading(const InspectedFile& facts, const Graph& graph) {
  const Totals totals = count_parameters(graph);
  const int64_t foreign = foreign_nodes(graph);
  std::string text = fmt::format("{}: {} B{}\n", facts.name, with_separators(facts.file_bytes),
                                 facts.description.empty() ? "" : ", \"" + facts.description + "\"");
  text += fmt::format("{} operators, {} tensors, {} parameters ({} B), {} MACs{}\n", graph.nodes.size(),
                      graph.tensors.size(), with_separators(totals.parameters), with_separators(totals.parameter_bytes),
                      with_separators(graph.macs()),
                      foreign == 0 ? "" : fmt::format(" without those of {} operators that mote lacks", foreign));
  const auto ends = [&](const char* kind, const std::vector<int32_t>& list, const std::vector<std::string>& names) {
    for (size_t i = 0; i < list.size(); ++i) {
      const TensorType& type = graph.tensors[list[i]].type;
      text += fmt::format("{:<7} {}: {}  {}\n", kind, i < names.size() ? names[i] : graph.tensors[list[i]].name,
                          type_text(type), quantization_text(type.quant));
    }
  };
  ends("input", graph.inputs, graph.input_names);
  ends("output", graph.outputs, graph.output_names);
  return text;
}

std::string operator_table(const Graph& graph, int width) {
  std::string text = fmt::format("{:>4} {:<20} {:<16} {:<18} {:>10} {:>12}\n", "node", "operator", "input", "output",
                                 "parameters", "MACs");
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const auto type_of = [&](const std::vector<int32_t>& list) {
      return list.empty() || list[0] == kAbsent ? std::string("-") : type_text(graph.tensors[list[0]].type);
    };
    std::string line =
        fmt::format("{:>4} {:<20} {:<16} {:<18} {:>10} {:>12}", i, shortened(operator_name(node), 20),
                    type_of(node.inputs), type_of(node.outputs), with_separators(node_parameters(graph, node)),
                    node.op == nullptr ? "?" : with_separators(node_cost(graph, node).macs));
    const int room = width - static_cast<int>(line.size()) - 1;
    if (room >= 8) line += " " + shortened(node.name, room);
    text += line + "\n";
  }
  return text;
}

std::string arena_text(const char* title, const Graph& graph, const MemoryPlan& plan, int width) {
  std::string text = fmt::format("\n{}: {} B of activations and scratch; lower bound {} B; {}\n", title,
                                 with_separators(plan.arena_bytes), with_separators(plan.lower_bound),
                                 !plan.optimal          ? "best found, not proven least"
                                 : plan.streams.empty() ? "proven least"
                                                        : "proven least for the rows below");
  text += arena_map(graph, plan, width);
  const auto reasons = what_holds_the_peak(graph, plan);
  if (!reasons.empty()) text += "What makes the peak, besides what its operator reads and writes:\n";
  for (const std::string& reason : reasons) text += "- " + reason + "\n";
  return text;
}

Json arena_json(const Graph& graph, const MemoryPlan& plan) {
  Json streams = Json::array();
  for (const RowStream& stream : plan.streams) {
    Json kept = Json::array();
    for (const RowStream::Kept& each : stream.kept) kept.push_back({{"tensor", each.tensor}, {"rows", each.rows}});
    streams.push_back({{"first_node", stream.first},
                       {"last_node", stream.last},
                       {"rows", stream.stages.back().rate},
                       {"steps", stream.steps},
                       {"kept", kept}});
  }
  Json overlaps = Json::array();
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (plan.leads[i] >= 0)
      overlaps.push_back({{"node", i},
                          {"input", graph.nodes[i].inputs[0]},
                          {"output", graph.nodes[i].outputs[0]},
                          {"lead", plan.leads[i]}});
  return {{"bytes", plan.arena_bytes},
          {"lower_bound", plan.lower_bound},
          {"optimal", plan.optimal},
          {"peak_node", plan.peak_node},
          {"peak_tensors", plan.peak_tensors},
          {"by_rows", streams},
          {"overlaps", overlaps},
          {"reasons", what_holds_the_peak(graph, plan)}};
}

}  // namespace

Json inspect_json(const InspectedFile& facts, const Graph& graph, const ArenaPlans& plans) {
  const MemoryPlan& plan = plans.interpreted;
  const Totals totals = count_parameters(graph);
  Json json;
  json["model"] = {{"name", facts.name},
                   {"file_bytes", facts.file_bytes},
                   {"description", facts.description},
                   {"parameters", totals.parameters},
                   {"parameter_bytes", totals.parameter_bytes},
                   {"macs", graph.macs()},
                   {"operators_not_supported", foreign_nodes(graph)},
                   {"inputs", ends_json(graph, graph.inputs, graph.input_names)},
                   {"outputs", ends_json(graph, graph.outputs, graph.output_names)}};
  json["operators"] = Json::array();
  for (size_t i = 0; i < graph.nodes.size(); ++i) json["operators"].push_back(operator_json(graph, plan, i));
  json["tensors"] = Json::array();
  for (size_t i = 0; i < graph.tensors.size(); ++i) json["tensors"].push_back(tensor_json(graph, plan, i));
  json["arena"] = arena_json(graph, plan);
  json["arena"]["plan_in_file"] = graph.metadata.contains(kOfflinePlanMetadata);
  json["compiled_arena"] = arena_json(plans.lowered, plans.compiled);
  json["compiled_arena"]["bytes_without_rows"] = plans.whole.arena_bytes;
  json["warnings"] = all_warnings(facts, graph);
  return json;
}

std::string inspect_text(const InspectedFile& facts, const Graph& graph, const ArenaPlans& plans, int width) {
  std::string text = heading(facts, graph);
  text += "\nOperators\n" + operator_table(graph, width);
  const bool one = plans.compiled.arena_bytes == plans.interpreted.arena_bytes;
  text += arena_text(one ? "Arena" : "Arena of the interpreter", graph, plans.interpreted, width);
  if (!one) {
    text += fmt::format("- the compiled engine needs {} B less, see below\n",
                        with_separators(plans.interpreted.arena_bytes - plans.compiled.arena_bytes));
    text += arena_text("Arena of the compiled engine", plans.lowered, plans.compiled, width);
    for (const std::string& line : what_rows_save(plans)) text += "- " + line + "\n";
  }
  const auto warnings = all_warnings(facts, graph);
  if (!warnings.empty()) text += "\nWarnings\n";
  for (const std::string& warning : warnings) text += "- " + warning + "\n";
  return text;
}

}  // namespace mote
