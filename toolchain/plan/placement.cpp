#include "toolchain/plan/placement.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace mote {
namespace {

constexpr size_t kLargestSearch = 400;      // blocks that do not always fit; beyond, first fit alone
constexpr int64_t kShareOfImproving = 100;  // of the work, for each order of first fit
constexpr int64_t kFewBlocks = 2000;        // beyond, one order of first fit alone: each is quadratic

int64_t aligned_to(int64_t offset, const Block& block) {
  return (offset + block.alignment - 1) / block.alignment * block.alignment;
}

// How far above one block another must start that is alive with it and does not lie below it.
class Distances {
 public:
  Distances(std::span<const Block> blocks, std::span<const Lead> leads) : blocks_(blocks), lead_of_(blocks.size()) {
    for (const Lead& lead : leads) lead_of_[lead.output] = lead;
  }
  int64_t above(int32_t lower, int32_t upper) const {
    return lead_of_[lower].input == upper ? lead_of_[lower].bytes : blocks_[lower].bytes;
  }

 private:
  std::span<const Block> blocks_;
  std::vector<Lead> lead_of_;  // by output block
};

int64_t lower_bound_of(std::span<const Block> blocks, std::span<const Lead> leads) {
  std::vector<std::pair<int32_t, int64_t>> changes;  // time, bytes that come (negative: go)
  for (const Block& block : blocks) {
    changes.emplace_back(block.lifetime.first, block.bytes);
    changes.emplace_back(block.lifetime.last + 1, -block.bytes);
  }
  for (const Lead& lead : leads) {
    const int32_t time = blocks[lead.output].lifetime.first;
    changes.emplace_back(time, -saved_bytes(blocks, lead));
    changes.emplace_back(time + 1, saved_bytes(blocks, lead));
  }
  std::sort(changes.begin(), changes.end());  // at equal times what goes stands before what comes
  int64_t alive = 0, most = 0;
  for (const auto& [time, bytes] : changes) {
    alive += bytes;
    most = std::max(most, alive);
  }
  return most;
}

constexpr int64_t kAnyHeight = INT64_MAX;

// The lowest place for a block beside those placed that are alive with it; these in order of their offsets.
int64_t lowest_place(std::span<const Block> blocks, const Distances& distances, int32_t index,
                     const std::vector<int32_t>& by_offset, const std::vector<int64_t>& offsets) {
  int64_t offset = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (int32_t other : by_offset) {
      if (!blocks[index].lifetime.overlaps(blocks[other].lifetime)) continue;
      const int64_t place = offsets[other], end = place + distances.above(other, index);
      if (offset >= end || offset + distances.above(index, other) <= place) continue;
      offset = aligned_to(end, blocks[index]);
      moved = true;
    }
  }
  return offset;
}

// Each block, in the order given, goes to the lowest place that the placed blocks alive with it leave. Stops early,
// with a height of at least `limit`, when the placement is not lower than that.
Placement first_fit(std::span<const Block> blocks, const Distances& distances, std::span<const int32_t> order,
                    int64_t limit = kAnyHeight) {
  Placement placement;
  placement.offsets.assign(blocks.size(), 0);
  std::vector<int32_t> by_offset;  // placed blocks
  for (int32_t index : order) {
    const int64_t offset = lowest_place(blocks, distances, index, by_offset, placement.offsets);
    placement.offsets[index] = offset;
    placement.height = std::max(placement.height, offset + blocks[index].bytes);
    if (placement.height >= limit) break;
    const auto later = std::upper_bound(by_offset.begin(), by_offset.end(), offset,
                                        [&](int64_t value, int32_t other) { return value < placement.offsets[other]; });
    by_offset.insert(later, index);
  }
  return placement;
}

// The orders of first fit: by size, by size x duration, by duration, and by time, forward and backward.
std::vector<std::vector<int32_t>> first_fit_orders(std::span<const Block> blocks) {
  using Key = std::function<double(const Block&)>;
  const auto size = [](const Block& block) { return static_cast<double>(block.bytes); };
  const auto duration = [](const Block& block) {
    return static_cast<double>(block.lifetime.last - block.lifetime.first + 1);
  };
  const std::vector<Key> keys = {size, [&](const Block& b) { return size(b) * duration(b); }, duration,
                                 [](const Block& b) { return -static_cast<double>(b.lifetime.first); },
                                 [](const Block& b) { return static_cast<double>(b.lifetime.first); }};
  std::vector<std::vector<int32_t>> orders;
  for (const Key& key : keys) {
    std::vector<int32_t>& order = orders.emplace_back(blocks.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return key(blocks[a]) > key(blocks[b]); });
    if (static_cast<int64_t>(blocks.size()) > kFewBlocks) break;
  }
  return orders;
}

// Swaps any two blocks in an order of first fit where that lowers the best placement, until none does.
void improve(std::span<const Block> blocks, const Distances& distances, std::vector<int32_t> order, int64_t work_limit,
             Placement& best) {
  for (bool lowered = true; lowered;) {
    lowered = false;
    for (size_t i = 0; i < order.size(); ++i) {
      for (size_t k = i + 1; k < order.size(); ++k) {
        if (best.height == best.lower_bound || (work_limit -= static_cast<int64_t>(order.size())) < 0) return;
        std::swap(order[i], order[k]);
        Placement other = first_fit(blocks, distances, order, best.height);
        if (other.height < best.height) {
          best.offsets = std::move(other.offsets);
          best.height = other.height;
          lowered = true;
        } else {
          std::swap(order[i], order[k]);
        }
      }
    }
  }
}

class Search {
 public:
  Search(std::span<const Block> blocks, std::span<const Lead> leads, Placement& best, int64_t work_limit)
      : blocks_(blocks),
        distances_(blocks, leads),
        best_(best),
        work_left_(work_limit),
        pair_at_start_(blocks.size()),
        any_order_(blocks.size(), false),
        floor_(blocks.size(), 0),
        placed_(blocks.size(), false),
        offsets_(blocks.size(), 0) {
    for (const Lead& lead : leads) {
      if (lead.bytes == 0) any_order_[lead.input] = true;
      for (size_t i = 0; i < blocks.size(); ++i)
        if (blocks[i].lifetime.first == blocks[lead.output].lifetime.first)
          pair_at_start_[i] = {lead.output, lead.input, saved_bytes(blocks, lead)};
    }
    for (size_t i = 0; i < blocks.size(); ++i) {
      conflicts_.emplace_back();
      alive_at_start_.emplace_back();
      for (size_t k = 0; k < blocks.size(); ++k) {
        if (k != i && blocks[i].lifetime.overlaps(blocks[k].lifetime)) conflicts_[i].push_back(static_cast<int32_t>(k));
        const int32_t start = blocks[i].lifetime.first;
        if (blocks[k].lifetime.first <= start && start <= blocks[k].lifetime.last)
          alive_at_start_[i].push_back(static_cast<int32_t>(k));
      }
    }
  }

  // True when every placement lower than the best found was excluded.
  bool run() {
    descend(0, 0, -1);
    return work_left_ > 0;
  }

 private:
  bool done() const { return work_left_ <= 0 || best_.height <= best_.lower_bound; }

  // Places one more block at the lowest offset that the placed blocks below it leave, at `from` or higher. Of the
  // orders of blocks at equal offsets only the one by index is followed: they are never alive together, but for the
  // input of a lead of 0, which comes after its output.
  void descend(size_t placed, int64_t from, int32_t last_index) {
    if (placed == blocks_.size()) return keep();
    int64_t first_end = INT64_MAX;  // a block must not start where another would already have ended
    if (!bounds_hold(from, first_end)) return;
    std::vector<int32_t> candidates;
    for (int32_t i = 0; i < static_cast<int32_t>(blocks_.size()); ++i) {
      if (placed_[i] || floor_[i] < from || floor_[i] >= first_end) continue;
      if (floor_[i] == from && i < last_index && !any_order_[i]) continue;
      candidates.push_back(i);
    }
    std::sort(candidates.begin(), candidates.end(), [&](int32_t a, int32_t b) {
      return std::tuple(floor_[a], -blocks_[a].bytes, a) < std::tuple(floor_[b], -blocks_[b].bytes, b);
    });
    for (int32_t candidate : candidates) {
      if (done()) return;
      place(candidate, placed);
    }
  }

  void place(int32_t index, size_t placed) {
    std::vector<std::pair<int32_t, int64_t>> raised;
    for (int32_t other : conflicts_[index]) {
      const int64_t end = aligned_to(floor_[index] + distances_.above(index, other), blocks_[other]);
      if (placed_[other] || floor_[other] >= end) continue;
      raised.emplace_back(other, floor_[other]);
      floor_[other] = end;
    }
    placed_[index] = true;
    offsets_[index] = floor_[index];
    descend(placed + 1, floor_[index], index);
    placed_[index] = false;
    for (const auto& [other, floor] : raised) floor_[other] = floor;
  }

  // False when some set of unplaced blocks alive together cannot end below the best height.
  bool bounds_hold(int64_t from, int64_t& first_end) {
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (placed_[i]) continue;
      first_end = std::min(first_end, floor_[i] + blocks_[i].bytes);
      int64_t lowest = INT64_MAX, sum = 0;
      for (int32_t other : alive_at_start_[i]) {
        if (placed_[other]) continue;
        lowest = std::min(lowest, std::max(floor_[other], from));
        sum += blocks_[other].bytes;
      }
      const Pair& pair = pair_at_start_[i];
      if (pair.saved > 0 && !placed_[pair.output] && !placed_[pair.input]) sum -= pair.saved;
      work_left_ -= static_cast<int64_t>(alive_at_start_[i].size());
      if (lowest + sum >= best_.height) return false;
    }
    return work_left_ > 0;
  }

  void keep() {
    int64_t height = 0;
    for (size_t i = 0; i < blocks_.size(); ++i) height = std::max(height, offsets_[i] + blocks_[i].bytes);
    if (height >= best_.height) return;
    best_.height = height;
    best_.offsets = offsets_;
  }

  struct Pair {
    int32_t output = -1, input = -1;
    int64_t saved = 0;
  };

  std::span<const Block> blocks_;
  Distances distances_;
  Placement& best_;
  int64_t work_left_;
  std::vector<std::vector<int32_t>> conflicts_;       // blocks alive together with block i at some time
  std::vector<std::vector<int32_t>> alive_at_start_;  // blocks alive when block i begins, itself too
  std::vector<Pair> pair_at_start_;                   // the two among them that may overlap
  std::vector<bool> any_order_;
  std::vector<int64_t> floor_;  // of an unplaced block: largest end of the placed blocks alive with it
  std::vector<bool> placed_;
  std::vector<int64_t> offsets_;
};

// Blocks that fit below `height` wherever the others lie: so large is one of the gaps that the blocks alive with them
// leave, even if these are apart. In an order in which each may be placed after all that do not come before it.
std::vector<int32_t> blocks_that_always_fit(std::span<const Block> blocks, int64_t height) {
  std::vector<int32_t> order;
  std::vector<bool> taken(blocks.size(), false);
  const auto fits = [&](size_t index) {
    int64_t gaps = 1, room = height;
    for (size_t other = 0; other < blocks.size(); ++other) {
      if (other == index || taken[other] || !blocks[index].lifetime.overlaps(blocks[other].lifetime)) continue;
      ++gaps;
      room -= blocks[other].bytes;
    }
    return room >= gaps * (blocks[index].bytes + blocks[index].alignment - 1);
  };
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (taken[i] || !fits(i)) continue;
      order.push_back(static_cast<int32_t>(i));
      taken[i] = more = true;
    }
  }
  return order;
}

// Looks for a lower placement than `best`. True: there is none lower than what it is then.
bool search(std::span<const Block> blocks, std::span<const Lead> leads, int64_t work_limit, Placement& best) {
  std::vector<int32_t> always_fit = blocks_that_always_fit(blocks, best.lower_bound), new_index(blocks.size(), 0);
  for (int32_t index : always_fit) new_index[index] = -1;
  std::vector<int32_t> old_index;
  std::vector<Block> hard;
  std::vector<Lead> hard_leads;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (new_index[i] < 0) continue;
    new_index[i] = static_cast<int32_t>(hard.size());
    old_index.push_back(static_cast<int32_t>(i));
    hard.push_back(blocks[i]);
  }
  if (hard.size() > kLargestSearch) return false;
  for (const Lead& lead : leads)
    if (new_index[lead.output] >= 0 && new_index[lead.input] >= 0)
      hard_leads.push_back({new_index[lead.output], new_index[lead.input], lead.bytes});
  Placement found;
  found.height = best.height;
  found.lower_bound = best.lower_bound;
  const bool exhausted = Search(hard, hard_leads, found, work_limit).run();
  if (found.height < best.height) {
    best.height = found.height;
    for (size_t i = 0; i < hard.size(); ++i) best.offsets[old_index[i]] = found.offsets[i];
    const Distances distances(blocks, leads);
    for (std::reverse(always_fit.begin(), always_fit.end()); int32_t index : always_fit) {
      std::sort(old_index.begin(), old_index.end(),
                [&](int32_t a, int32_t b) { return best.offsets[a] < best.offsets[b]; });
      best.offsets[index] = lowest_place(blocks, distances, index, old_index, best.offsets);
      best.height = std::max(best.height, best.offsets[index] + blocks[index].bytes);
      old_index.push_back(index);
    }
  }
  return exhausted;
}

}  // namespace

int64_t saved_bytes(std::span<const Block> blocks, const Lead& lead) {
  const int64_t output = blocks[lead.output].bytes, input = blocks[lead.input].bytes;
  return output + input - std::max(output, std::min(lead.bytes, output) + input);
}

Placement place_blocks(std::span<const Block> blocks, std::span<const Lead> leads, int64_t work_limit) {
  const Distances distances(blocks, leads);
  const auto orders = first_fit_orders(blocks);
  Placement best;
  best.height = kAnyHeight;
  for (const auto& order : orders) {
    Placement placement = first_fit(blocks, distances, order);
    if (placement.height < best.height) best = std::move(placement);
  }
  best.lower_bound = lower_bound_of(blocks, leads);
  best.optimal = best.height == best.lower_bound;
  if (best.optimal || static_cast<int64_t>(blocks.size()) > kFewBlocks) return best;
  for (const auto& order : orders) improve(blocks, distances, order, work_limit / kShareOfImproving, best);
  const bool exhausted = search(blocks, leads, work_limit, best);
  best.optimal = exhausted || best.height == best.lower_bound;
  return best;
}

}  // namespace mote
