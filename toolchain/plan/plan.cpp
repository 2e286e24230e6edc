#include "toolchain/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "toolchain/plan/placement.h"

namespace mote {
namespace {

constexpr size_t kPlanHeader = 3;  // version, subgraphs, tensors
constexpr int32_t kPlanVersion = 1;

int64_t aligned(int64_t bytes) {
  return std::max<int64_t>(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

std::vector<Lifetime> find_lifetimes(const Graph& graph) {
  std::vector<Lifetime> lifetimes(graph.tensors.size());
  const auto use = [&](int32_t tensor, int32_t node) {
    if (tensor == kAbsent || graph.tensors[tensor].constant) return;
    Lifetime& lifetime = lifetimes[tensor];
    if (lifetime.last < lifetime.first) lifetime = {node, node};
    lifetime.last = std::max(lifetime.last, node);
  };
  const auto nodes = static_cast<int32_t>(graph.nodes.size());
  for (int32_t input : graph.inputs) use(input, 0);
  for (int32_t i = 0; i < nodes; ++i) {
    for (int32_t input : graph.nodes[i].inputs) use(input, i);
    for (int32_t output : graph.nodes[i].outputs) use(output, i);
  }
  for (int32_t output : graph.outputs) use(output, std::max(nodes - 1, 0));
  for (size_t t = 0; t < graph.tensors.size(); ++t)
    if (graph.tensors[t].variable && lifetimes[t].first <= lifetimes[t].last) lifetimes[t] = {0, nodes - 1};
  return lifetimes;
}

// Input 0 when output 0 of the node may use its memory, else kAbsent.
int32_t free_input(const Graph& graph, const std::vector<Lifetime>& lifetimes, int32_t index) {
  const Node& node = graph.nodes[index];
  if (node.op == nullptr || node.inputs.empty() || node.outputs.empty()) return kAbsent;
  const int32_t input = node.inputs[0];
  if (input == kAbsent || graph.tensors[input].constant || graph.tensors[input].variable) return kAbsent;
  if (lifetimes[input].last != index) return kAbsent;
  if (std::count(node.inputs.begin(), node.inputs.end(), input) != 1) return kAbsent;
  return std::count(graph.outputs.begin(), graph.outputs.end(), input) == 0 ? input : kAbsent;
}

// The input whose memory output 0 of a node may take over, or kAbsent. `equal_sizes`: only when nothing is left over,
// because a longer block then stays alive as long as the output.
int32_t in_place_input(const Graph& graph, const std::vector<Lifetime>& lifetimes, int32_t index, bool equal_sizes) {
  const int32_t input = free_input(graph, lifetimes, index);
  if (input == kAbsent || !graph.nodes[index].op->in_place) return kAbsent;
  const int64_t from = graph.tensors[input].type.bytes();
  const int64_t to = graph.tensors[graph.nodes[index].outputs[0]].type.bytes();
  if (to > from) return kAbsent;  // a scalar that is broadcast, though both take one block
  return !equal_sizes || aligned(to) == aligned(from) ? input : kAbsent;
}

std::optional<Overlap> overlap_of(const Graph& graph, const std::vector<Lifetime>& lifetimes, int32_t index) {
  const Node& node = graph.nodes[index];
  if (free_input(graph, lifetimes, index) == kAbsent || node.op->overlap == nullptr) return std::nullopt;
  const TensorType& output = graph.tensors[node.outputs[0]].type;
  const auto overlap = node.op->overlap(node.attributes, input_types(graph, node), output);
  return overlap && overlap->lead < output.bytes() ? overlap : std::nullopt;
}

struct Choice {
  bool equal_sizes;  // of an input and the output that takes it over
  bool overlaps;
};

// One plan for one choice of outputs that share memory. Blocks of the placement: one per tensor with memory of its own,
// one per scratch.
class Planner {
 public:
  Planner(const Graph& graph, Choice choice) : graph_(graph), overlaps_(choice.overlaps) {
    plan_.lifetimes = find_lifetimes(graph);
    plan_.shares_with.assign(graph.tensors.size(), kAbsent);
    for (int32_t i = 0; i < static_cast<int32_t>(graph.nodes.size()); ++i) {
      const int32_t input = in_place_input(graph, plan_.lifetimes, i, choice.equal_sizes);
      if (input != kAbsent) plan_.shares_with[graph.nodes[i].outputs[0]] = input;
    }
  }

  MemoryPlan run() {
    add_tensor_blocks();
    add_scratch_blocks();
    if (overlaps_) add_leads();
    const Placement placement = place_blocks(blocks_, leads_);
    plan_.arena_bytes = placement.height;
    plan_.lower_bound = placement.lower_bound;
    plan_.optimal = placement.optimal;
    const auto offset = [&](int32_t block) {
      return block < 0 ? -1 : static_cast<int32_t>(std::min<int64_t>(placement.offsets[block], INT32_MAX));
    };
    for (int32_t block : block_of_tensor_) plan_.offsets.push_back(offset(block));
    for (int32_t block : block_of_scratch_) plan_.scratch_offsets.push_back(offset(block));
    find_leads();
    find_peak();
    return std::move(plan_);
  }

 private:
  // The tensor that owns the memory of `tensor`: itself, or the first of the inputs that it takes over.
  int32_t owner(int32_t tensor) const {
    while (plan_.shares_with[tensor] != kAbsent) tensor = plan_.shares_with[tensor];
    return tensor;
  }

  void add_tensor_blocks() {
    block_of_tensor_.assign(graph_.tensors.size(), -1);
    const auto lives = [&](int32_t tensor) { return plan_.lifetimes[tensor].first <= plan_.lifetimes[tensor].last; };
    const auto tensors = static_cast<int32_t>(graph_.tensors.size());
    for (int32_t i = 0; i < tensors; ++i) {
      if (!lives(i) || owner(i) != i) continue;
      block_of_tensor_[i] = static_cast<int32_t>(blocks_.size());
      blocks_.push_back({aligned(graph_.tensors[i].type.bytes()), plan_.lifetimes[i]});
    }
    for (int32_t i = 0; i < tensors; ++i) {
      if (!lives(i)) continue;
      block_of_tensor_[i] = block_of_tensor_[owner(i)];
      Lifetime& whole = blocks_[block_of_tensor_[i]].lifetime;
      whole.last = std::max(whole.last, plan_.lifetimes[i].last);
    }
  }

  void add_scratch_blocks() {
    for (int32_t i = 0; i < static_cast<int32_t>(graph_.nodes.size()); ++i) {
      const int64_t bytes = node_cost(graph_, graph_.nodes[i]).scratch_bytes;
      plan_.scratch_bytes.push_back(bytes);
      block_of_scratch_.push_back(bytes > 0 ? static_cast<int32_t>(blocks_.size()) : -1);
      if (bytes > 0) blocks_.push_back({aligned(bytes), {i, i}});
    }
  }

  void add_leads() {
    for (int32_t i = 0; i < static_cast<int32_t>(graph_.nodes.size()); ++i) {
      const auto overlap = overlap_of(graph_, plan_.lifetimes, i);
      if (!overlap) continue;
      const Lead pair = {block_of_tensor_[graph_.nodes[i].outputs[0]], block_of_tensor_[graph_.nodes[i].inputs[0]], 0};
      const int64_t step = std::lcm(int64_t{kAlignment}, int64_t{overlap->step});
      const int64_t lead = (overlap->lead + step - 1) / step * step;
      if (lead >= blocks_[pair.output].bytes) continue;
      leads_.push_back({pair.output, pair.input, lead});
      for (int32_t block : {pair.output, pair.input})
        blocks_[block].alignment = std::lcm(blocks_[block].alignment, step);
    }
  }

  void find_leads() {
    plan_.leads.assign(graph_.nodes.size(), -1);
    for (const Lead& lead : leads_) {
      const int32_t node = blocks_[lead.output].lifetime.first;
      const int64_t distance =
          plan_.offsets[graph_.nodes[node].inputs[0]] - plan_.offsets[graph_.nodes[node].outputs[0]];
      if (distance >= lead.bytes && distance < blocks_[lead.output].bytes) plan_.leads[node] = distance;
    }
  }

  void find_peak() {
    std::vector<int64_t> alive(std::max<size_t>(graph_.nodes.size(), 1) + 1, 0);  // first differences of the sum
    for (const Lead& lead : leads_) {
      const int32_t node = blocks_[lead.output].lifetime.first;
      alive[node] -= saved_bytes(blocks_, lead);
      alive[node + 1] += saved_bytes(blocks_, lead);
    }
    for (const Block& block : blocks_) {
      alive[block.lifetime.first] += block.bytes;
      alive[block.lifetime.last + 1] -= block.bytes;
    }
    int64_t sum = 0;
    for (size_t i = 0; i + 1 < alive.size(); ++i) {
      sum += alive[i];
      if (i < graph_.nodes.size()) plan_.alive_bytes.push_back(sum);
      if (!blocks_.empty() && sum == plan_.lower_bound && plan_.peak_node < 0)
        plan_.peak_node = static_cast<int32_t>(i);
    }
    for (int32_t i = 0; i < static_cast<int32_t>(graph_.tensors.size()); ++i)
      if (plan_.lifetimes[i].overlaps({plan_.peak_node, plan_.peak_node})) plan_.peak_tensors.push_back(i);
    std::stable_sort(plan_.peak_tensors.begin(), plan_.peak_tensors.end(), [&](int32_t a, int32_t b) {
      return graph_.tensors[a].type.bytes() > graph_.tensors[b].type.bytes();
    });
  }

  const Graph& graph_;
  MemoryPlan plan_;
  bool overlaps_;
  std::vector<Block> blocks_;
  std::vector<Lead> leads_;
  std::vector<int32_t> block_of_tensor_, block_of_scratch_;  // -1 = none
};

}  // namespace

Result<MemoryPlan> plan_memory(const Graph& graph, Sharing sharing) {
  MOTE_CHECK(validate(graph));
  for (size_t i = 0; i < graph.tensors.size(); ++i)
    if (element_bytes(graph.tensors[i].type.dtype) == 0)
      return input_error(fmt::format("tensor {} '{}' is of type {}, whose size is not fixed", i, graph.tensors[i].name,
                                     to_string(graph.tensors[i].type.dtype)));
  // Overlaps can ask for alignments that cost more than they save, so there is a plan without them too.
  std::vector<Choice> choices = {{true, false}, {false, false}};
  if (sharing == Sharing::overlap) choices.insert(choices.begin(), {{true, true}, {false, true}});
  MemoryPlan plan = Planner(graph, choices[0]).run();
  for (size_t i = 1; i < choices.size() && plan.arena_bytes > 0; ++i) {
    MemoryPlan other = Planner(graph, choices[i]).run();
    if (other.arena_bytes < plan.arena_bytes) plan = std::move(other);
  }
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
