#include "toolchain/plan/planner.h"

#include <algorithm>
#include <numeric>

#include "toolchain/plan/placement.h"

namespace mote {
namespace {

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
  return !equal_sizes || aligned_bytes(to) == aligned_bytes(from) ? input : kAbsent;
}

std::optional<Overlap> overlap_of(const Graph& graph, const std::vector<Lifetime>& lifetimes, int32_t index,
                                  PackedFor core) {
  const Node& node = graph.nodes[index];
  if (free_input(graph, lifetimes, index) == kAbsent || node.op->overlap == nullptr) return std::nullopt;
  const TensorType& output = graph.tensors[node.outputs[0]].type;
  const auto overlap = node.op->overlap(node.attributes, input_types(graph, node), output, core);
  return overlap && overlap->lead < output.bytes() ? overlap : std::nullopt;
}

struct Choice {
  bool equal_sizes;                   // of an input and the output that takes it over
  std::optional<PackedFor> overlaps;  // as the kernels of this core allow
};

// One plan for one choice of outputs that share memory. Blocks of the placement: one per tensor with memory of its own,
// one per scratch, of a stream one for all its scratch. The nodes of a stream run at one time.
class Planner {
 public:
  Planner(const Graph& graph, Choice choice, std::span<const RowStream> streams)
      : graph_(graph), overlaps_(choice.overlaps), stream_of_(graph.nodes.size(), nullptr) {
    plan_.streams.assign(streams.begin(), streams.end());
    for (const RowStream& stream : plan_.streams)
      for (int32_t i = stream.first; i <= stream.last; ++i) stream_of_[i] = &stream;
    for (int32_t i = 0; i < static_cast<int32_t>(graph.nodes.size()); ++i)
      time_of_.push_back(i == 0 ? 0 : time_of_[i - 1] + (stream_of_[i] == nullptr || stream_of_[i]->first == i));
    if (time_of_.empty()) time_of_.push_back(0);
    plan_.lifetimes = find_lifetimes(graph);
    plan_.shares_with.assign(graph.tensors.size(), kAbsent);
    for (int32_t i = 0; i < static_cast<int32_t>(graph.nodes.size()); ++i) {
      const int32_t input = in_place_input(graph, plan_.lifetimes, i, choice.equal_sizes);
      if (input != kAbsent && stream_of_[i] == nullptr) plan_.shares_with[graph.nodes[i].outputs[0]] = input;
    }
    for (const RowStream& stream : streams) {
      for (Lifetime& lifetime : plan_.lifetimes) {
        if (lifetime.last < lifetime.first) continue;
        if (stream.holds(lifetime.first)) lifetime.first = stream.first;
        if (stream.holds(lifetime.last)) lifetime.last = stream.last;
      }
    }
  }

  MemoryPlan run() {
    measure_tensors();
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

  void measure_tensors() {
    for (const Tensor& tensor : graph_.tensors) plan_.tensor_bytes.push_back(tensor.type.bytes());
    for (const RowStream& stream : plan_.streams)
      for (const RowStream::Kept& kept : stream.kept)
        plan_.tensor_bytes[kept.tensor] = bytes_of_rows(graph_.tensors[kept.tensor].type, kept.rows);
  }

  void add_tensor_blocks() {
    block_of_tensor_.assign(graph_.tensors.size(), -1);
    const auto lives = [&](int32_t tensor) { return plan_.lifetimes[tensor].first <= plan_.lifetimes[tensor].last; };
    const auto times = [&](int32_t tensor) {
      return Lifetime{time_of_[plan_.lifetimes[tensor].first], time_of_[plan_.lifetimes[tensor].last]};
    };
    const auto tensors = static_cast<int32_t>(graph_.tensors.size());
    for (int32_t i = 0; i < tensors; ++i) {
      if (!lives(i) || owner(i) != i) continue;
      block_of_tensor_[i] = static_cast<int32_t>(blocks_.size());
      blocks_.push_back({aligned_bytes(plan_.tensor_bytes[i]), times(i)});
    }
    for (int32_t i = 0; i < tensors; ++i) {
      if (!lives(i)) continue;
      block_of_tensor_[i] = block_of_tensor_[owner(i)];
      Lifetime& whole = blocks_[block_of_tensor_[i]].lifetime;
      whole.last = std::max(whole.last, times(i).last);
    }
  }

  void add_scratch_blocks() {
    for (int32_t i = 0; i < static_cast<int32_t>(graph_.nodes.size()); ++i) {
      const RowStream* const stream = stream_of_[i];
      const int64_t bytes = stream == nullptr ? node_cost(graph_, graph_.nodes[i]).scratch_bytes
                                              : stream->stages[i - stream->first].rule.scratch_bytes;
      plan_.scratch_bytes.push_back(bytes);
      block_of_scratch_.push_back(bytes > 0 ? scratch_block(i) : -1);
      if (bytes > 0) {
        int64_t& whole = blocks_[block_of_scratch_.back()].bytes;
        whole = std::max(whole, aligned_bytes(bytes));
      }
    }
  }

  // That of an earlier node of the same stream, or a new one.
  int32_t scratch_block(int32_t node) {
    for (int32_t i = node - 1; i >= 0 && time_of_[i] == time_of_[node]; --i)
      if (block_of_scratch_[i] >= 0) return block_of_scratch_[i];
    blocks_.push_back({0, {time_of_[node], time_of_[node]}});
    return static_cast<int32_t>(blocks_.size()) - 1;
  }

  void add_leads() {
    for (int32_t i = 0; i < static_cast<int32_t>(graph_.nodes.size()); ++i) {
      const RowStream* const stream = stream_of_[i];
      if (stream != nullptr) {
        if (i == stream->last && stream->covered != kAbsent) add_lead(i, stream->covered, {stream->lead, 1});
      } else if (const auto overlap = overlap_of(graph_, plan_.lifetimes, i, *overlaps_)) {
        add_lead(i, graph_.nodes[i].inputs[0], *overlap);
      }
    }
  }

  void add_lead(int32_t node, int32_t input, const Overlap& overlap) {
    const Lead pair = {block_of_tensor_[graph_.nodes[node].outputs[0]], block_of_tensor_[input], 0};
    const int64_t step = std::lcm(int64_t{kAlignment}, int64_t{overlap.step});
    const int64_t lead = (overlap.lead + step - 1) / step * step;
    if (lead >= blocks_[pair.output].bytes) return;
    leads_.push_back({pair.output, pair.input, lead});
    lead_nodes_.push_back(node);
    for (int32_t block : {pair.output, pair.input}) blocks_[block].alignment = std::lcm(blocks_[block].alignment, step);
  }

  void find_leads() {
    plan_.leads.assign(graph_.nodes.size(), -1);
    for (size_t i = 0; i < leads_.size(); ++i) {
      const Node& node = graph_.nodes[lead_nodes_[i]];
      if (stream_of_[lead_nodes_[i]] != nullptr) continue;
      const int64_t distance = plan_.offsets[node.inputs[0]] - plan_.offsets[node.outputs[0]];
      if (distance >= leads_[i].bytes && distance < blocks_[leads_[i].output].bytes)
        plan_.leads[lead_nodes_[i]] = distance;
    }
  }

  void find_peak() {
    std::vector<int64_t> alive(static_cast<size_t>(time_of_.back()) + 2, 0);  // first differences of the sum
    for (const Lead& lead : leads_) {
      const int32_t time = blocks_[lead.output].lifetime.first;
      alive[time] -= saved_bytes(blocks_, lead);
      alive[time + 1] += saved_bytes(blocks_, lead);
    }
    for (const Block& block : blocks_) {
      alive[block.lifetime.first] += block.bytes;
      alive[block.lifetime.last + 1] -= block.bytes;
    }
    std::partial_sum(alive.begin(), alive.end(), alive.begin());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) plan_.alive_bytes.push_back(alive[time_of_[i]]);
    for (size_t i = 0; i < time_of_.size() && !blocks_.empty() && plan_.peak_node < 0; ++i)
      if (alive[time_of_[i]] == plan_.lower_bound) plan_.peak_node = static_cast<int32_t>(i);
    for (int32_t i = 0; i < static_cast<int32_t>(graph_.tensors.size()); ++i)
      if (plan_.lifetimes[i].overlaps({plan_.peak_node, plan_.peak_node})) plan_.peak_tensors.push_back(i);
    std::stable_sort(plan_.peak_tensors.begin(), plan_.peak_tensors.end(),
                     [&](int32_t a, int32_t b) { return plan_.tensor_bytes[a] > plan_.tensor_bytes[b]; });
  }

  const Graph& graph_;
  MemoryPlan plan_;
  std::optional<PackedFor> overlaps_;
  std::vector<const RowStream*> stream_of_;  // per node; nullptr = it runs alone
  std::vector<int32_t> time_of_;             // per node; of a graph without nodes, one
  std::vector<Block> blocks_;
  std::vector<Lead> leads_;
  std::vector<int32_t> lead_nodes_;                          // per lead
  std::vector<int32_t> block_of_tensor_, block_of_scratch_;  // -1 = none
};

}  // namespace

int64_t aligned_bytes(int64_t bytes) {
  return std::max<int64_t>(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

MemoryPlan best_plan(const Graph& graph, std::optional<PackedFor> core, std::span<const RowStream> streams) {
  // Overlaps can ask for alignments that cost more than they save, so there is a plan without them too.
  std::vector<Choice> choices = {{true, std::nullopt}, {false, std::nullopt}};
  if (core) choices.insert(choices.begin(), {{true, core}, {false, core}});
  MemoryPlan plan = Planner(graph, choices[0], streams).run();
  for (size_t i = 1; i < choices.size() && plan.arena_bytes > 0; ++i) {
    MemoryPlan other = Planner(graph, choices[i], streams).run();
    if (other.arena_bytes < plan.arena_bytes) plan = std::move(other);
  }
  return plan;
}

}  // namespace mote
