// Operators by rows: a run of nodes that the compiled engine goes through together (device/row_buffer.h).
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

// Steps: in each, every node makes the rows of its output that the later nodes need for the next rows of the last one's
// output. No row is made twice.
struct RowStream {
  struct Stage {
    RowRule rule;
    int32_t rate = 0, ahead = 0, limit = 0;  // after step t (from 1 on), min(limit, rate * t + ahead) rows are made
    int32_t most_rows = 0;                   // that one step makes
  };
  struct Kept {
    int32_t tensor;
    int32_t rows;  // in memory at most
  };

  int32_t first = 0, last = -1;  // nodes
  int32_t steps = 0;
  std::vector<Stage> stages;  // per node
  std::vector<Kept> kept;     // tensors that are never whole in memory
  // The tensor from outside over which the last node's output may lie when it starts `lead` bytes before it, or more;
  // or kAbsent.
  int32_t covered = kAbsent;
  int64_t lead = 0;

  bool holds(int32_t node) const { return first <= node && node <= last; }
  int32_t rows_after(int32_t stage, int32_t step) const;  // of the output of node `first + stage`
};

// Bytes in memory of a tensor [1, H, W, C] of which `rows` rows are.
int64_t bytes_of_rows(const TensorType& type, int32_t rows);

// Who reads each tensor of a graph, and which nodes can run by rows.
class RowStreams {
 public:
  explicit RowStreams(const Graph& graph);

  // Nodes `first` to `last`, `rows` rows of the last one's output at a time. nullopt: they cannot run by rows, or not
  // together, or not so many at a time.
  std::optional<RowStream> stream(int32_t first, int32_t last, int32_t rows) const;
  bool can_run_by_rows(int32_t node) const { return rules_[static_cast<size_t>(node)].has_value(); }
  const std::vector<int32_t>& readers(int32_t tensor) const { return readers_[static_cast<size_t>(tensor)]; }
  // Something outside of nodes `first` to `last` reads it later.
  bool outlives(int32_t tensor, int32_t last) const;

 private:
  std::optional<RowRule> rule_of(int32_t node) const;
  bool find_stage(int32_t node, RowStream& stream) const;
  int32_t first_row_needed(int32_t tensor, const RowStream& stream, int32_t step) const;
  void count_rows(RowStream& stream) const;
  bool measure_stages(RowStream& stream) const;
  void find_covered(RowStream& stream) const;

  const Graph& graph_;
  std::vector<std::vector<int32_t>> readers_;  // nodes, by tensor, in order
  std::vector<bool> kept_for_good_;            // tensors: outputs of the graph, variables, constants
  std::vector<std::optional<RowRule>> rules_;  // by node; nullopt: not by rows
};

}  // namespace mote
