// Places activations and scratch in the arena at init: at the offsets of the file's OfflineMemoryAllocation when that
// plan is valid, else greedily. Tensors that the plan leaves out (-1) are placed greedily around it.
#pragma once
#include "device/resolver.h"

namespace mote {

class ArenaPlanner {
 public:
  // Times: graph inputs are written at 0, node i runs at i + 1, graph outputs are read at node_count + 1. A variable
  // lives at all of them.
  struct Lifetime {
    uint16_t first;
    uint16_t last;
  };
  static constexpr int32_t kMaxNodes = 0xFFF0;

  // `words` and `lives` have one entry per tensor; `records` one per node, whose `scratch` holds bytes until plan()
  // makes it an offset. `base`: offset of the first byte to give out, a multiple of kAlignment.
  ArenaPlanner(ModelView& model, const Resolver& resolver, int32_t* words, Lifetime* lives, NodeRecord* records,
               uint32_t base)
      : model_(model), resolver_(resolver), words_(words), lives_(lives), records_(records), base_(base) {}

  // Checks the flow of the graph (every tensor written once, before it is read; constants never) and gives every used
  // tensor its word. Returns the arena offset at which everything ends; 0 when the graph is broken.
  uint32_t plan() {
    if (!find_lifetimes()) return 0;
    if (!place_as_file_says()) unplace_activations();
    while (place_largest()) {
    }
    for (int32_t i = 0; i < model_.operator_count(); ++i) {
      NodeRecord& record = records_[i];
      if (record.scratch == 0) continue;
      const uint16_t now = time_of(i);
      const uint32_t bytes = record.scratch;
      record.scratch = first_free(bytes, Lifetime{now, now});
      extend(record.scratch, bytes);
    }
    return end_;
  }

 private:
  static constexpr uint16_t kUndefined = 0xFFFF;

  static uint16_t time_of(int32_t node) { return static_cast<uint16_t>(node + 1); }
  bool is_activation(int32_t t) const { return words_[t] >= 0; }
  bool is_placed(int32_t t) const { return words_[t] >= 0 && words_[t] != kUnplaced; }
  uint32_t bytes_of(int32_t t) { return static_cast<uint32_t>(model_.tensor_bytes(t)); }
  void extend(uint32_t offset, uint32_t bytes) {
    const uint32_t end = align_up(saturating_sum(offset, bytes), kAlignment);
    if (end > end_) end_ = end;
  }

  bool find_lifetimes() {
    for (int32_t t = 0; t < model_.tensor_count(); ++t) {
      words_[t] = kNowhere;
      lives_[t] = Lifetime{kUndefined, kUndefined};
    }
    const Position inputs = model_.graph_inputs();
    for (int32_t i = 0; i < model_.length(inputs); ++i)
      if (!define(model_.index_at(inputs, i), 0)) return false;
    for (int32_t i = 0; i < model_.operator_count(); ++i)
      if (!follow_node(i)) return false;
    const Position outputs = model_.graph_outputs();
    for (int32_t i = 0; i < model_.length(outputs); ++i)
      if (!use(model_.index_at(outputs, i), time_of(model_.operator_count()))) return false;
    return !model_.failed();
  }

  bool follow_node(int32_t i) {
    const NodePosition node = model_.node(i);
    for (int32_t k = 0; k < model_.length(node.inputs); ++k) {
      const int32_t t = model_.index_at(node.inputs, k);
      if (t >= 0 && !use(t, time_of(i))) return false;
    }
    for (int32_t k = 0; k < model_.length(node.outputs); ++k)
      if (!define(model_.index_at(node.outputs, k), time_of(i))) return false;
    return true;
  }

  bool define(int32_t t, uint16_t time) {
    const TensorInfo tensor = model_.tensor(t);
    if (words_[t] != kNowhere || tensor.data != nullptr || tensor.variable) return false;
    add(t, Lifetime{time, time});
    return true;
  }

  bool use(int32_t t, uint16_t time) {
    if (words_[t] == kUnplaced) {
      if (lives_[t].last < time) lives_[t].last = time;
      return true;
    }
    const TensorInfo tensor = model_.tensor(t);
    const uint8_t* data = static_cast<const uint8_t*>(tensor.data);
    if (data != nullptr)
      words_[t] = ~static_cast<int32_t>(data - model_.data());
    else if (tensor.variable)
      add(t, Lifetime{0, time_of(model_.operator_count())});
    else
      return false;
    return true;
  }

  void add(int32_t t, Lifetime life) {
    words_[t] = kUnplaced;
    lives_[t] = life;
    base_sum_ = saturating_sum(base_sum_, align_up(bytes_of(t), kAlignment));
  }

  // False: no plan in the file, or one that is not valid as a whole.
  bool place_as_file_says() {
    // int32: format version 1, a count of subgraphs, n = number of tensors, n offsets.
    const Position plan = model_.metadata("OfflineMemoryAllocation");
    const int32_t n = model_.tensor_count();
    if (model_.length(plan) != 4 * (3 + n) || model_.i32_at(plan, 0) != 1 || model_.i32_at(plan, 2) != n) return false;
    for (int32_t t = 0; t < n; ++t) {
      const int32_t offset = model_.i32_at(plan, 3 + t);
      if (!is_activation(t) || offset == -1) continue;
      // A plan that is worse than none at all is not a plan.
      if (offset < 0 || offset % kAlignment != 0 ||
          saturating_sum(static_cast<uint32_t>(offset), bytes_of(t)) > base_sum_)
        return false;
      words_[t] = static_cast<int32_t>(base_) + offset;
      for (int32_t other = 0; other < t; ++other)
        if (is_placed(other) && collide(other, t)) return false;
      extend(static_cast<uint32_t>(words_[t]), bytes_of(t));
    }
    return true;
  }

  void unplace_activations() {
    for (int32_t t = 0; t < model_.tensor_count(); ++t)
      if (is_activation(t)) words_[t] = kUnplaced;
    end_ = base_;
  }

  // Larger tensors first, at the lowest offset that is free during their life. False: none is left.
  bool place_largest() {
    int32_t largest = -1;
    uint32_t most = 0;
    for (int32_t t = 0; t < model_.tensor_count(); ++t) {
      if (words_[t] != kUnplaced) continue;
      const uint32_t bytes = bytes_of(t);
      if (largest >= 0 && bytes <= most) continue;
      largest = t;
      most = bytes;
    }
    if (largest < 0) return false;
    words_[largest] = static_cast<int32_t>(first_free(most, lives_[largest]));
    extend(static_cast<uint32_t>(words_[largest]), most);
    return true;
  }

  uint32_t first_free(uint32_t bytes, Lifetime life) {
    uint32_t offset = base_;
    for (bool moved = true; moved;) {
      moved = false;
      for (int32_t t = 0; t < model_.tensor_count(); ++t) {
        if (!is_placed(t) || !overlap(lives_[t], life)) continue;
        const uint32_t start = static_cast<uint32_t>(words_[t]);
        const uint32_t end = align_up(start + bytes_of(t), kAlignment);
        if (offset >= end || start >= saturating_sum(offset, bytes)) continue;
        offset = end;
        moved = true;
      }
    }
    return offset;
  }

  static bool overlap(Lifetime a, Lifetime b) { return a.first <= b.last && b.first <= a.last; }

  bool collide(int32_t a, int32_t b) {
    if (!overlap(lives_[a], lives_[b])) return false;
    const uint32_t start_a = static_cast<uint32_t>(words_[a]), start_b = static_cast<uint32_t>(words_[b]);
    if (start_a >= start_b + bytes_of(b) || start_b >= start_a + bytes_of(a)) return false;
    return !may_share(a, b) && !may_share(b, a);
  }

  // `to` is written over `from` by a node that allows it, and that is the last to need `from`.
  bool may_share(int32_t from, int32_t to) {
    const uint16_t time = lives_[to].first;
    if (time == 0 || lives_[from].first >= time || lives_[from].last != time) return false;
    const int32_t index = time - 1;
    const NodePosition node = model_.node(index);
    return resolver_.kernels[records_[index].kernel]->in_place && words_[from] == words_[to] &&
           bytes_of(to) <= bytes_of(from) && model_.length(node.inputs) > 0 &&
           model_.index_at(node.inputs, 0) == from && model_.index_at(node.outputs, 0) == to;
  }

  ModelView& model_;
  const Resolver& resolver_;
  int32_t* words_;
  Lifetime* lives_;
  NodeRecord* records_;
  uint32_t base_;
  uint32_t end_ = base_;
  uint32_t base_sum_ = 0;  // bytes of all activations, none sharing memory
};

}  // namespace mote
