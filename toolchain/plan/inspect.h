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

// Keys: model, operators[], tensors[], arena{}, warnings[]; see docs/formats.md.
Json inspect_json(const InspectedFile& facts, const Graph& graph, const MemoryPlan& plan);
// The same for people, at most `width` columns.
std::string inspect_text(const InspectedFile& facts, const Graph& graph, const MemoryPlan& plan, int width = 100);

// Time runs down (one line per node, the peak marked), arena offset runs to the right; each tensor has a letter that a
// legend explains.
std::string arena_map(const Graph& graph, const MemoryPlan& plan, int width = 100);

}  // namespace mote
