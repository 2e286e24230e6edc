// What `mote inspect` shows of a model: operators, tensors, where the arena goes, and what is wrong or odd.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/plan/plan.h"

namespace mote {

// About the file that the graph came from, for the heading and the warnings.
struct InspectedFile {
  std::string name;
  int64_t file_bytes = 0;
  std::string description;
  std::vector<std::string> warnings;  // the reader's
};

// Operators that mote cannot run with their place, float or partly quantized models, scales that look odd.
std::vector<std::string> model_warnings(const Graph& graph);

// What any interpreter can run, and what the compiled engine does.
struct ArenaPlans {
  MemoryPlan interpreted;  // of the file's graph, Sharing::in_place
  Graph lowered;           // what the compiled engine runs in place of the file's graph
  MemoryPlan compiled;     // of it, Sharing::rows, for a Cortex-M with the DSP extension
  MemoryPlan whole;        // of it, Sharing::overlap: with every tensor whole
};
// `lowered` as it is when mote has all operators of a model; else the file's graph.
Result<ArenaPlans> arena_plans(const Graph& graph, Graph lowered);

// What the peak is made of beyond the tensors that its operator reads and writes, a line each: what would lower it.
std::vector<std::string> what_holds_the_peak(const Graph& graph, const MemoryPlan& plan);
// What the compiled engine saves by rows, a line for each run of operators and one for all; empty when nothing.
std::vector<std::string> what_rows_save(const ArenaPlans& plans);

// Keys: model, operators[], tensors[], arena{}, compiled_arena{}, warnings[]; see docs/formats.md.
Json inspect_json(const InspectedFile& facts, const Graph& graph, const ArenaPlans& plans);
// The same for people, at most `width` columns. One arena when both plans need the same.
std::string inspect_text(const InspectedFile& facts, const Graph& graph, const ArenaPlans& plans, int width = 100);

// Time runs down (one line per node, the peak marked), arena offset runs to the right; each tensor has a letter that a
// legend explains.
std::string arena_map(const Graph& graph, const MemoryPlan& plan, int width = 100);

}  // namespace mote
