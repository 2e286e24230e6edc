// Inside of plan_memory(): one placement after another for the ways in which outputs may share memory.
#pragma once
#include <cstdint>
#include <span>

#include "toolchain/plan/plan.h"

namespace mote {

// The smallest plan whose nodes run by rows in these streams, and else one by one. `core`: also over their inputs, as
// its kernels allow.
MemoryPlan best_plan(const Graph& graph, std::optional<PackedFor> core, std::span<const RowStream> streams);

// `whole`, best_plan() without streams, or a lower plan with some.
MemoryPlan with_row_streams(const Graph& graph, PackedFor core, MemoryPlan whole);

// What a block takes in an arena.
int64_t aligned_bytes(int64_t bytes);

}  // namespace mote
