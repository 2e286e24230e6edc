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
};

struct Placement {
  std::vector<int64_t> offsets;  // per block; sums of block sizes, so as aligned as these are
  int64_t height = 0;            // largest end of a block
  int64_t lower_bound = 0;       // largest sum of blocks alive at one time
  bool optimal = false;          // no placement is lower
};

// First fit in several orders; when none meets the lower bound, branch and bound over canonical placements, which
// either proves the optimum or stops after `work_limit` block visits with the best found. Source of the search: only
// placements in which each block rests on another one alive with it (or on 0) need be looked at, in order of offset; a
// block that would fit wholly below the next offset must not wait (as in MiniMalloc, Moffitt, ASPLOS 2023).
Placement place_blocks(std::span<const Block> blocks, int64_t work_limit = 20'000'000);

}  // namespace mote
