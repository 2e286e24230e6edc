#include "toolchain/plan/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "toolchain/base/random.h"

namespace mote {
namespace {

using Leads = std::vector<Lead>;

// How far above `lower` block `upper` has to start, when it is not the other way round.
int64_t distance_above(const std::vector<Block>& blocks, const Leads& leads, size_t lower, size_t upper) {
  for (const Lead& lead : leads)
    if (lead.output == static_cast<int32_t>(lower) && lead.input == static_cast<int32_t>(upper)) return lead.bytes;
  return blocks[lower].bytes;
}

// Least height over first fit in every order, which contains an optimum.
int64_t brute_force(const std::vector<Block>& blocks, const Leads& leads = {}) {
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), size_t{0});
  int64_t best = INT64_MAX;
  do {
    std::vector<int64_t> offsets(blocks.size(), -1);
    int64_t height = 0;
    for (size_t index : order) {
      const int64_t alignment = blocks[index].alignment;
      int64_t offset = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (size_t other = 0; other < blocks.size(); ++other) {
          if (offsets[other] < 0 || !blocks[other].lifetime.overlaps(blocks[index].lifetime)) continue;
          const int64_t end = offsets[other] + distance_above(blocks, leads, other, index);
          if (offset >= end || offset + distance_above(blocks, leads, index, other) <= offsets[other]) continue;
          offset = (end + alignment - 1) / alignment * alignment;
          moved = true;
        }
      }
      offsets[index] = offset;
      height = std::max(height, offset + blocks[index].bytes);
    }
    best = std::min(best, height);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

std::vector<Block> random_blocks(Random& random, uint32_t count, uint32_t times) {
  std::vector<Block> blocks;
  for (uint32_t i = 0; i < count; ++i) {
    const auto first = static_cast<int32_t>(random.below(times));
    const auto last = first + static_cast<int32_t>(random.below(times - static_cast<uint32_t>(first)));
    blocks.push_back({16 * int64_t{1 + random.below(9)}, {first, last}});
  }
  return blocks;
}

// At each time at most one pair: an output that begins where an input ends, as the operators of a graph have it. Some
// ask for a larger alignment of both.
Leads random_leads(Random& random, std::vector<Block>& blocks) {
  Leads leads;
  std::vector<int32_t> taken;
  for (size_t output = 0; output < blocks.size(); ++output)
    for (size_t input = 0; input < blocks.size(); ++input) {
      const int32_t time = blocks[output].lifetime.first;
      const bool used = std::count(taken.begin(), taken.end(), time) > 0;
      const int64_t lead = 16 * int64_t{random.below(6)};
      if (used || output == input || blocks[input].lifetime.last != time || lead >= blocks[output].bytes) continue;
      if (blocks[output].lifetime.last == time && blocks[input].lifetime.first == time && input < output) continue;
      leads.push_back({static_cast<int32_t>(output), static_cast<int32_t>(input), lead});
      taken.push_back(time);
      if (random.below(4) == 0) blocks[input].alignment = blocks[output].alignment = 48;
    }
  return leads;
}

void expect_valid(const std::vector<Block>& blocks, const Placement& placement, const Leads& leads = {}) {
  int64_t height = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_GE(placement.offsets[i], 0);
    EXPECT_EQ(placement.offsets[i] % blocks[i].alignment, 0);
    height = std::max(height, placement.offsets[i] + blocks[i].bytes);
    for (size_t k = 0; k < i; ++k) {
      const bool apart = placement.offsets[i] + distance_above(blocks, leads, i, k) <= placement.offsets[k] ||
                         placement.offsets[k] + distance_above(blocks, leads, k, i) <= placement.offsets[i];
      EXPECT_TRUE(apart || !blocks[i].lifetime.overlaps(blocks[k].lifetime)) << "blocks " << i << " and " << k;
    }
  }
  EXPECT_EQ(placement.height, height);
  EXPECT_GE(placement.height, placement.lower_bound);
}

TEST(Placement, IsTheOptimumOnSmallCases) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    const auto blocks = random_blocks(random, 2 + random.below(6), 6);
    const Placement placement = place_blocks(blocks);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_valid(blocks, placement);
    EXPECT_TRUE(placement.optimal);
    EXPECT_EQ(placement.height, brute_force(blocks));
  }
}

TEST(Placement, IsTheOptimumWithOverlaps) {
  int better = 0, pairs = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    auto blocks = random_blocks(random, 2 + random.below(6), 4);
    const Leads leads = random_leads(random, blocks);
    const Placement placement = place_blocks(blocks, leads);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_valid(blocks, placement, leads);
    EXPECT_TRUE(placement.optimal);
    EXPECT_EQ(placement.height, brute_force(blocks, leads));
    pairs += !leads.empty();
    better += placement.height < place_blocks(blocks).height;
  }
  EXPECT_GT(pairs, 200);
  EXPECT_GT(better, 100) << "overlaps lower next to nothing: the test has lost its subject";
}

// Each output starts 16 before its input, so a chain comes down by 16 at each step.
TEST(Placement, AChainOfOverlapsComesDownStepByStep) {
  std::vector<Block> blocks;
  Leads leads;
  for (int32_t i = 0; i < 8; ++i) {
    blocks.push_back({160, {i, i + 1}});
    if (i > 0) leads.push_back({i, i - 1, 16});
  }
  const Placement placement = place_blocks(blocks, leads);
  expect_valid(blocks, placement, leads);
  EXPECT_EQ(placement.lower_bound, 176);
  EXPECT_EQ(placement.height, 160 + 7 * 16);
  EXPECT_TRUE(placement.optimal);
}

// Only the blocks near the peak matter: the many small ones after it fit wherever those lie.
TEST(Placement, ProvesTheOptimumOfALongChainWithAShortPeak) {
  std::vector<Block> blocks;
  Leads leads;
  for (int32_t i = 0; i < 8; ++i) {
    blocks.push_back({1600, {i, i + 1}});
    if (i > 0) leads.push_back({i, i - 1, 160});
  }
  for (int32_t time = 8; time < 150; ++time) blocks.push_back({16 * int64_t{1 + time % 4}, {time, time + 2}});
  const Placement placement = place_blocks(blocks, leads, 2'000'000);
  expect_valid(blocks, placement, leads);
  EXPECT_EQ(placement.lower_bound, 1760);
  EXPECT_EQ(placement.height, 1600 + 7 * 160);
  EXPECT_TRUE(placement.optimal);
}

TEST(Placement, IsValidAndAtTheBoundOrSaysSoOnLargerCases) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    const auto blocks = random_blocks(random, 60, 30);
    const Placement placement = place_blocks(blocks, {}, 200'000);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_valid(blocks, placement);
    EXPECT_TRUE(placement.optimal || placement.height > placement.lower_bound);
  }
}

// Every time is full (4 units), and still no placement without a hole exists.
TEST(Placement, ProvesAnOptimumAboveTheBound) {
  const std::vector<Block> blocks = {{32, {0, 2}}, {32, {0, 1}}, {16, {2, 4}}, {16, {2, 3}},
                                     {16, {3, 3}}, {16, {3, 4}}, {32, {4, 5}}, {32, {5, 5}}};
  const Placement placement = place_blocks(blocks);
  expect_valid(blocks, placement);
  EXPECT_EQ(placement.lower_bound, 64);
  EXPECT_EQ(placement.height, 80);
  EXPECT_TRUE(placement.optimal);
  EXPECT_EQ(brute_force(blocks), 80);
}

TEST(Placement, StopsAtItsLimitWithTheBestFound) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const auto blocks = random_blocks(random, 40, 20);
    const Placement placement = place_blocks(blocks, {}, 1);
    expect_valid(blocks, placement);
    if (!placement.optimal) return;
  }
  FAIL() << "first fit met the bound for every seed: the test has lost its subject";
}

TEST(Placement, OfNothingIsEmpty) {
  const Placement placement = place_blocks({});
  EXPECT_EQ(placement.height, 0);
  EXPECT_TRUE(placement.optimal);
}

TEST(Placement, OfManyBlocksEnds) {
  Random random(1);
  const auto blocks = random_blocks(random, 5000, 5000);
  expect_valid({blocks.begin(), blocks.begin() + 500}, place_blocks({blocks.data(), 500}, {}, 1000));
  EXPECT_GE(place_blocks(blocks).height, place_blocks(blocks).lower_bound);
}

}  // namespace
}  // namespace mote
