// Which runs of nodes go by rows.
#include <algorithm>

#include "toolchain/plan/planner.h"

namespace mote {
namespace {

constexpr int32_t kLongestStream = 32;    // nodes
constexpr int32_t kMostStreams = 20'000;  // tried, short ones first
constexpr int32_t kMostRowSteps = 1024;   // of one stream

struct Option {
  RowStream stream;
  int64_t bytes = 0;  // that are alive while it runs, when no hole is left
  int64_t calls = 0;
};

// Every stream of a graph that needs less than `whole` at its peak.
class Options {
 public:
  Options(const Graph& graph, const MemoryPlan& whole) : graph_(graph), whole_(whole), streams_(graph) {
    const auto nodes = static_cast<int32_t>(graph.nodes.size());
    by_last_.resize(static_cast<size_t>(nodes));
    for (int32_t i = 0; i < nodes; ++i)
      if (!streams_.can_run_by_rows(i)) fixed_ = std::max(fixed_, whole.alive_bytes[static_cast<size_t>(i)]);
    for (int32_t length = 2; length <= std::min(nodes, kLongestStream); ++length)
      for (int32_t first = 0; first + length <= nodes; ++first)
        if (is_worth_it(first, first + length - 1)) add(first, first + length - 1);
  }

  // The largest need of one node or stream, when streams are chosen so that it is least.
  int64_t least_peak() const {
    std::vector<int64_t> peak = {0};
    for (size_t i = 0; i < by_last_.size(); ++i) {
      int64_t least = std::max(peak[i], whole_.alive_bytes[i]);
      for (const Option& option : by_last_[i])
        least = std::min(least, std::max(peak[static_cast<size_t>(option.stream.first)], option.bytes));
      peak.push_back(least);
    }
    return peak.back();
  }

  // Those that keep every need at `most` with the fewest calls. REQUIRES: most >= least_peak().
  std::vector<RowStream> fewest(int64_t most) const {
    struct Best {
      int64_t calls = INT64_MAX;
      const Option* option = nullptr;  // that ends here; nullptr: the node runs alone
    };
    std::vector<Best> best(by_last_.size() + 1);
    best[0].calls = 0;
    for (size_t i = 0; i < by_last_.size(); ++i) {
      const auto consider = [&](const Best& before, int64_t calls, const Option* option) {
        if (before.calls != INT64_MAX && before.calls + calls < best[i + 1].calls)
          best[i + 1] = {before.calls + calls, option};
      };
      if (whole_.alive_bytes[i] <= most) consider(best[i], 1, nullptr);
      for (const Option& option : by_last_[i])
        if (option.bytes <= most) consider(best[static_cast<size_t>(option.stream.first)], option.calls, &option);
    }
    std::vector<RowStream> chosen;
    for (size_t i = by_last_.size(); i > 0;) {
      const Option* const option = best[i].option;
      if (option != nullptr) chosen.push_back(option->stream);
      i = option != nullptr ? static_cast<size_t>(option->stream.first) : i - 1;
    }
    std::reverse(chosen.begin(), chosen.end());
    return chosen;
  }

 private:
  // All run by rows, and the peak of one is above what no stream changes.
  bool is_worth_it(int32_t first, int32_t last) const {
    int64_t most = 0;
    for (int32_t i = first; i <= last; ++i) {
      if (!streams_.can_run_by_rows(i)) return false;
      most = std::max(most, whole_.alive_bytes[static_cast<size_t>(i)]);
    }
    return most > fixed_;
  }

  // With 1, 2, 3, 4, 6, 8, 12, 16 .. rows at a time.
  void add(int32_t first, int32_t last) {
    const int32_t height = graph_.tensors[graph_.nodes[last].outputs[0]].type.shape[1];
    for (int32_t rows = 1; rows < height; rows = rows == 1 ? 2 : rows % 3 == 0 ? rows / 3 * 4 : rows / 2 * 3) {
      if (height / rows > kMostRowSteps) continue;
      if (++tried_ > kMostStreams) return;
      const auto stream = streams_.stream(first, last, rows);
      if (stream) consider(*stream);
    }
  }

  void consider(const RowStream& stream) {
    const int64_t bytes = bytes_of(stream), calls = int64_t{stream.steps} * (stream.last - stream.first + 1);
    if (bytes < whole_.lower_bound) by_last_[static_cast<size_t>(stream.last)].push_back({stream, bytes, calls});
  }

  int64_t bytes_of(const RowStream& stream) const {
    int64_t bytes = 0, scratch = 0;
    for (const RowStream::Kept& kept : stream.kept)
      bytes += aligned_bytes(bytes_of_rows(graph_.tensors[kept.tensor].type, kept.rows));
    for (const RowStream::Stage& stage : stream.stages) scratch = std::max(scratch, stage.rule.scratch_bytes);
    if (scratch > 0) bytes += aligned_bytes(scratch);
    for (size_t t = 0; t < graph_.tensors.size(); ++t) {
      const bool kept = std::any_of(stream.kept.begin(), stream.kept.end(), [&](const RowStream::Kept& each) {
        return each.tensor == static_cast<int32_t>(t);
      });
      if (!kept && whole_.lifetimes[t].overlaps({stream.first, stream.last}))
        bytes += aligned_bytes(graph_.tensors[t].type.bytes());
    }
    return bytes - saved_over_input(stream);
  }

  int64_t saved_over_input(const RowStream& stream) const {
    if (stream.covered == kAbsent) return 0;
    const int64_t output = aligned_bytes(graph_.tensors[graph_.nodes[stream.last].outputs[0]].type.bytes());
    const int64_t input = aligned_bytes(graph_.tensors[stream.covered].type.bytes());
    return output + input -
           std::max(output, std::min((stream.lead + kAlignment - 1) / kAlignment * kAlignment, output) + input);
  }

  const Graph& graph_;
  const MemoryPlan& whole_;
  RowStreams streams_;
  int64_t fixed_ = 0;  // the largest need of a node that cannot run by rows
  int32_t tried_ = 0;
  std::vector<std::vector<Option>> by_last_;  // by last node
};

}  // namespace

MemoryPlan with_row_streams(const Graph& graph, PackedFor core, MemoryPlan whole) {
  if (graph.nodes.empty()) return whole;
  const Options options(graph, whole);
  const int64_t least = options.least_peak();
  if (least >= whole.arena_bytes) return whole;
  MemoryPlan lowest = best_plan(graph, core, options.fewest(least));
  // What holes and overlaps in a row cost anyhow may allow fewer calls.
  MemoryPlan fewer = best_plan(graph, core, options.fewest(lowest.arena_bytes));
  if (fewer.arena_bytes <= lowest.arena_bytes) lowest = std::move(fewer);
  return lowest.arena_bytes < whole.arena_bytes ? lowest : whole;
}

}  // namespace mote
