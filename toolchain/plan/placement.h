// Dynamic storage allocation: blocks with known lifetimes to offsets, so that the memory they span is least.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/plan/plan.h"

namespace mote {

struct Block {
  int64_t bytes = 0;  // > 0
  Lifetime lifetime;
  int64_t alignment = kAlignment;  // its offset is a multiple
};

// Two blocks that may overlap though they are alive together: at one time, when `output` begins and `input` ends, and
// only where output starts at least `bytes` before input.
struct Lead {
  int32_t output = -1, input = -1;  // blocks; each stands in at most one Lead on either side
  int64_t bytes = 0;                // >= 0; below the output's size, or it says nothing
};

struct Placement {
  std::vector<int64_t> offsets;  // per block
  int64_t height = 0;            // largest end of a block
  int64_t lower_bound = 0;       // largest need of the blocks alive at one time, overlaps taken off
  bool optimal = false;          // no placement is lower
};

// Bytes that a lead's two blocks need less than if they were apart.
int64_t saved_bytes(std::span<const Block> blocks, const Lead& lead);

// First fit in several orders, and in those that swapping blocks gives; when none meets the lower bound, branch and
// bound over canonical placements, which either proves the optimum or stops after `work_limit` block visits with the
// best found. Source of the search: only placements in which each block rests on another one alive with it (or on 0)
// need be looked at, in order of offset; a block that would fit wholly below the next offset must not wait (as in
// MiniMalloc, Moffitt, ASPLOS 2023). A lead only makes shorter how far the input must be above the output when it is
// placed after it, so that the same search is exact. Blocks for which there is room below the lower bound wherever the
// others lie are left out of the search, which keeps it exact and small: a model has few operators near its peak.
Placement place_blocks(std::span<const Block> blocks, std::span<const Lead> leads = {},
                       int64_t work_limit = 20'000'000);

}  // namespace mote
