#include "toolchain/plan/plan.h"

#include <fmt/format.h>

#include <cstring>

#include "toolchain/plan/planner.h"

namespace mote {
namespace {

constexpr size_t kPlanHeader = 3;  // version, subgraphs, tensors
constexpr int32_t kPlanVersion = 1;

}  // namespace

Result<MemoryPlan> plan_memory(const Graph& graph, Sharing sharing, PackedFor core) {
  MOTE_CHECK(validate(graph));
  for (size_t i = 0; i < graph.tensors.size(); ++i)
    if (element_bytes(graph.tensors[i].type.dtype) == 0)
      return input_error(fmt::format("tensor {} '{}' is of type {}, whose size is not fixed", i, graph.tensors[i].name,
                                     to_string(graph.tensors[i].type.dtype)));
  MemoryPlan plan = best_plan(graph, sharing == Sharing::in_place ? std::nullopt : std::optional(core), {});
  if (sharing == Sharing::rows) plan = with_row_streams(graph, core, std::move(plan));
  if (plan.arena_bytes > INT32_MAX)
    return input_error(fmt::format("the activations need an arena of {} bytes; offsets reach 2 GiB", plan.arena_bytes));
  return plan;
}

void add_offline_plan(Graph& graph, const MemoryPlan& plan) {
  std::vector<int32_t> values = {kPlanVersion, 1, static_cast<int32_t>(plan.offsets.size())};
  values.insert(values.end(), plan.offsets.begin(), plan.offsets.end());
  std::string bytes;
  for (int32_t value : values)
    for (int shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<char>(static_cast<uint32_t>(value) >> shift & 0xFF));
  graph.metadata[kOfflinePlanMetadata] = std::move(bytes);
}

Result<std::optional<std::vector<int32_t>>> offline_plan(const Graph& graph) {
  const auto entry = graph.metadata.find(kOfflinePlanMetadata);
  if (entry == graph.metadata.end()) return std::optional<std::vector<int32_t>>();
  const std::string& bytes = entry->second;
  std::vector<int32_t> values;
  for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    uint32_t value = 0;
    for (size_t k = 0; k < 4; ++k) value |= uint32_t{static_cast<uint8_t>(bytes[i + k])} << (8 * k);
    values.push_back(static_cast<int32_t>(value));
  }
  const auto tensors = static_cast<int64_t>(graph.tensors.size());
  if (bytes.size() % 4 != 0 || values.size() < kPlanHeader || values[0] != kPlanVersion || values[1] != 1 ||
      values[2] != tensors || static_cast<int64_t>(values.size()) != static_cast<int64_t>(kPlanHeader) + tensors)
    return input_error(
        fmt::format("metadata '{}' is not a plan (version 1, one subgraph) for the {} tensors of this model",
                    kOfflinePlanMetadata, tensors));
  values.erase(values.begin(), values.begin() + kPlanHeader);
  for (int64_t i = 0; i < tensors; ++i)
    if (values[i] < -1)
      return input_error(
          fmt::format("metadata '{}' has the offset {} for tensor {}", kOfflinePlanMetadata, values[i], i));
  return std::optional(std::move(values));
}

}  // namespace mote
