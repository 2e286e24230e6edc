#include "toolchain/plan/placement.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace mote {
namespace {

constexpr size_t kLargestSearch = 400;  // blocks; beyond, first fit alone
constexpr int64_t kFewBlocks = 2000;    // beyond, one order of first fit alone: each is quadratic

int64_t lower_bound_of(std::span<const Block> blocks) {
  std::vector<std::pair<int32_t, int64_t>> changes;  // time, bytes that come (negative: go)
  for (const Block& block : blocks) {
    changes.emplace_back(block.lifetime.first, block.bytes);
    changes.emplace_back(block.lifetime.last + 1, -block.bytes);
  }
  std::sort(changes.begin(), changes.end());  // at equal times what goes stands before what comes
  int64_t alive = 0, most = 0;
  for (const auto& [time, bytes] : changes) {
    alive += bytes;
    most = std::max(most, alive);
  }
  return most;
}

// Each block, in the order given, goes to the lowest gap that holds it among the placed blocks alive with it.
Placement first_fit(std::span<const Block> blocks, std::span<const int32_t> order) {
  Placement placement;
  placement.offsets.assign(blocks.size(), 0);
  std::vector<int32_t> by_offset;  // placed blocks
  for (int32_t index : order) {
    int64_t offset = 0;
    for (int32_t other : by_offset) {
      if (!blocks[index].lifetime.overlaps(blocks[other].lifetime)) continue;
      if (offset + blocks[index].bytes <= placement.offsets[other]) break;
      offset = std::max(offset, placement.offsets[other] + blocks[other].bytes);
    }
    placement.offsets[index] = offset;
    placement.height = std::max(placement.height, offset + blocks[index].bytes);
    const auto later = std::upper_bound(by_offset.begin(), by_offset.end(), offset,
                                        [&](int64_t value, int32_t other) { return value < placement.offsets[other]; });
    by_offset.insert(later, index);
  }
  return placement;
}

// Best of first fit by size, by size x duration, and by time.
Placement best_first_fit(std::span<const Block> blocks) {
  using Key = std::function<double(const Block&)>;
  const auto size = [](const Block& block) { return static_cast<double>(block.bytes); };
  const auto duration = [](const Block& block) {
    return static_cast<double>(block.lifetime.last - block.lifetime.first + 1);
  };
  const std::vector<Key> keys = {size, [&](const Block& b) { return size(b) * duration(b); }, duration,
                                 [](const Block& b) { return -static_cast<double>(b.lifetime.first); }};
  Placement best;
  for (const Key& key : keys) {
    std::vector<int32_t> order(blocks.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return key(blocks[a]) > key(blocks[b]); });
    Placement placement = first_fit(blocks, order);
    if (best.offsets.empty() || placement.height < best.height) best = std::move(placement);
    if (static_cast<int64_t>(blocks.size()) > kFewBlocks) break;
  }
  return best;
}

class Search {
 public:
  Search(std::span<const Block> blocks, Placement& best, int64_t work_limit)
      : blocks_(blocks),
        best_(best),
        work_left_(work_limit),
        floor_(blocks.size(), 0),
        placed_(blocks.size(), false),
        offsets_(blocks.size(), 0) {
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
  bool done() const { return work_left_ <= 0 || best_.height == best_.lower_bound; }

  // Places one more block at the lowest offset that the placed blocks below it leave, at `from` or higher. Blocks at
  // equal offsets are never alive together, so of their orders only the one by index is followed.
  void descend(size_t placed, int64_t from, int32_t last_index) {
    if (placed == blocks_.size()) return keep();
    int64_t first_end = INT64_MAX;  // a block must not start where another would already have ended
    if (!bounds_hold(from, first_end)) return;
    std::vector<int32_t> candidates;
    for (int32_t i = 0; i < static_cast<int32_t>(blocks_.size()); ++i) {
      if (placed_[i] || floor_[i] < from || floor_[i] >= first_end) continue;
      if (floor_[i] == from && i < last_index) continue;
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
    const int64_t end = floor_[index] + blocks_[index].bytes;
    std::vector<std::pair<int32_t, int64_t>> raised;
    for (int32_t other : conflicts_[index]) {
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

  std::span<const Block> blocks_;
  Placement& best_;
  int64_t work_left_;
  std::vector<std::vector<int32_t>> conflicts_;       // blocks alive together with block i at some time
  std::vector<std::vector<int32_t>> alive_at_start_;  // blocks alive when block i begins, itself too
  std::vector<int64_t> floor_;  // of an unplaced block: largest end of the placed blocks alive with it
  std::vector<bool> placed_;
  std::vector<int64_t> offsets_;
};

}  // namespace

Placement place_blocks(std::span<const Block> blocks, int64_t work_limit) {
  Placement best = best_first_fit(blocks);
  best.lower_bound = lower_bound_of(blocks);
  best.optimal = best.height == best.lower_bound;
  if (!best.optimal && blocks.size() <= kLargestSearch) {
    const bool exhausted = Search(blocks, best, work_limit).run();
    best.optimal = exhausted || best.height == best.lower_bound;
  }
  return best;
}

}  // namespace mote
