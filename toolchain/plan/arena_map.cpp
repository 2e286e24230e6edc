#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "toolchain/plan/format.h"
#include "toolchain/plan/inspect.h"

namespace mote {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr char kFree = '.', kScratch = '#';
constexpr int kFewestCells = 16, kOperatorColumn = 18;

struct Span {
  char letter;
  int64_t begin, end;  // bytes
};

// Letters in order of first use; after the 62nd they start again, for tensors that are far apart in time.
std::map<int32_t, char> choose_letters(const MemoryPlan& plan) {
  std::vector<int32_t> placed;
  for (size_t i = 0; i < plan.offsets.size(); ++i)
    if (plan.offsets[i] >= 0) placed.push_back(static_cast<int32_t>(i));
  std::stable_sort(placed.begin(), placed.end(),
                   [&](int32_t a, int32_t b) { return plan.lifetimes[a].first < plan.lifetimes[b].first; });
  std::map<int32_t, char> letters;
  for (size_t i = 0; i < placed.size(); ++i) letters[placed[i]] = kLetters[i % kLetters.size()];
  return letters;
}

// What lies in the arena while a node runs. An in-place output is drawn over the input that it replaces.
std::vector<Span> spans_at(const MemoryPlan& plan, const std::map<int32_t, char>& letters, int32_t node) {
  std::vector<Span> spans;
  for (const auto& [index, letter] : letters) {
    const int32_t tensor = index;  // clang 14 cannot capture a structured binding
    if (!plan.lifetimes[tensor].overlaps({node, node})) continue;
    const bool replaced = std::any_of(letters.begin(), letters.end(), [&](const auto& other) {
      return plan.shares_with[other.first] == tensor && plan.lifetimes[other.first].overlaps({node, node});
    });
    if (!replaced) spans.push_back({letter, plan.offsets[tensor], plan.offsets[tensor] + plan.tensor_bytes[tensor]});
  }
  if (static_cast<size_t>(node) < plan.scratch_offsets.size() && plan.scratch_offsets[node] >= 0)
    spans.push_back({kScratch, plan.scratch_offsets[node], plan.scratch_offsets[node] + plan.scratch_bytes[node]});
  return spans;
}

int64_t covered_bytes(std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  int64_t bytes = 0, end = 0;
  for (const Span& span : spans) {
    bytes += std::max<int64_t>(0, span.end - std::max(span.begin, end));
    end = std::max(end, span.end);
  }
  return bytes;
}

// Each cell shows what fills most of it, free only if nothing is in it.
std::string draw(const std::vector<Span>& spans, int64_t arena_bytes, int cells) {
  std::string row;
  for (int c = 0; c < cells; ++c) {
    const int64_t begin = arena_bytes * c / cells, end = std::max(begin + 1, arena_bytes * (c + 1) / cells);
    int64_t most = 0;
    char letter = kFree;
    for (const Span& span : spans) {
      const int64_t covered = std::min(end, span.end) - std::max(begin, span.begin);
      if (covered <= most) continue;
      most = covered;
      letter = span.letter;
    }
    row += letter;
  }
  return row;
}

}  // namespace

std::string arena_map(const Graph& graph, const MemoryPlan& plan, int width) {
  if (plan.arena_bytes == 0) return "nothing lies in the arena\n";
  const auto letters = choose_letters(plan);
  const auto rows = static_cast<int32_t>(std::max<size_t>(graph.nodes.size(), 1));
  const int cells = std::max(kFewestCells, width - kOperatorColumn - 28);
  std::string text = fmt::format("{:>4} {:<{}} |{:<{}}| {:>10}\n", "node", "operator", kOperatorColumn, 0, cells,
                                 with_separators(plan.arena_bytes) + " B");
  for (int32_t i = 0; i < rows; ++i) {
    const auto spans = spans_at(plan, letters, i);
    const std::string name = graph.nodes.empty() ? "" : shortened(operator_name(graph.nodes[i]), kOperatorColumn);
    text += fmt::format("{:>4} {:<{}} |{}| {:>10}{}\n", i, name, kOperatorColumn, draw(spans, plan.arena_bytes, cells),
                        with_separators(covered_bytes(spans)), i == plan.peak_node ? "  peak" : "");
  }
  text += "Tensors at the peak:\n";
  for (int32_t tensor : plan.peak_tensors)
    text += fmt::format("  {}  {:>10} B at {:<8} tensor {} {}{}\n", letters.at(tensor),
                        with_separators(plan.tensor_bytes[tensor]), plan.offsets[tensor], tensor,
                        shortened(graph.tensors[tensor].name, std::max(16, width - 42)),
                        plan.shares_with[tensor] == kAbsent ? "" : " (in place)");
  // A graph without operators has a peak too: its inputs.
  if (!graph.nodes.empty() && plan.scratch_bytes[plan.peak_node] > 0)
    text += fmt::format("  {}  {:>10} B at {:<8} scratch\n", kScratch,
                        with_separators(plan.scratch_bytes[plan.peak_node]), plan.scratch_offsets[plan.peak_node]);
  return text;
}

}  // namespace mote
