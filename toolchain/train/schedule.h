// In what order a training step makes its calls, and for how many rows at a time. Where operators let them, rows go
// through many calls in parts, so that what one call writes is in the cache when the next one reads it.
#pragma once
#include <cstdint>
#include <vector>

#include "toolchain/graph/graph.h"

namespace mote {

// What the schedule must know of each node.
struct NodeNeeds {
  bool batched = false;   // its outputs have a row for each example; other nodes are computed once
  bool whole = false;     // it must see all rows at once
  bool backward = false;  // it has a part in the reverse pass
};

struct ScheduledCall {
  enum Call : uint8_t {
    runs,      // forward, or backward in the reverse pass
    observes,  // observe(), or observe_gradient()
    repeats,   // forward in the reverse pass
    lines,     // OpDef::line, for the consumer of the output, which is never made
  };
  int32_t node = 0;
  Call call = runs;
};

// Calls that each part of the rows passes before the next part.
struct Stage {
  std::vector<ScheduledCall> steps;
  bool whole = false;
  int32_t rows = 0;  // of a part, at most
};

struct StepSchedule {
  std::vector<Stage> forward, backward;
  // Of each tensor. Its gradient is written and read in one stage: memory for one part will do.
  std::vector<bool> local_gradient;
  // It is used up by the stage that makes it, and made again by the stage that needs it: memory for one part will do,
  // the same for all of them, because no stage makes two.
  std::vector<bool> repeated;
  // It is never made: its one consumer takes the line that makes it from its maker's input 0 (OpDef::takes_line).
  std::vector<bool> taken;
  int64_t repeated_floats = 0;
};

// How many floats the largest tensor of a stage has in one part, about. Measured: all that a part touches then stays in
// a second-level cache of 512 KiB.
inline constexpr int64_t kPartFloats = 32 * 1024;

struct RowParts {
  int32_t rows = 0;    // of the whole
  int64_t floats = 0;  // of the largest tensor of a part, about
};

// `shapes`: of every tensor with all rows. `asked`: tensors whose values, or gradients, others want to see.
StepSchedule schedule_step(const Graph& graph, const std::vector<NodeNeeds>& needs, const std::vector<Shape>& shapes,
                           RowParts parts, const std::vector<int32_t>& asked);

}  // namespace mote
