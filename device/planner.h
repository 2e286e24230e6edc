// Follows the flow of the graph and places activations and scratch in the arena at init: at the offsets of the file's
// OfflineMemoryAllocation when that plan is valid, else greedily. Tensors that the plan leaves out (-1) are placed
// greedily around it.
#pragma once
#include "device/resolver.h"

namespace mote {

class ArenaPlanner {
 public:
  // An activation or variable. Times: graph inputs are written at 0, node i runs at i + 1, graph outputs are read at
  // node_count + 1. A variable lives at all of them.
  struct Tenant {
    uint32_t bytes;
    int32_t offset;  // in the arena, or kUnplaced
    int32_t tensor;
    uint16_t first, last;
  };
  static constexpr int32_t kMaxNodes = 0xFFF0;

  // `words` has one entry per tensor, `records` one per node, whose `scratch` holds bytes until plan() makes it an
  // offset; nullptr when they do not fit in the arena. The tenants take the top of the arena until they are placed.
  ArenaPlanner(ModelView& model, const Resolver& resolver, ArenaAllocator& allocator, int32_t* words,
               NodeRecord* records)
      : model_(model), resolver_(resolver), allocator_(allocator), words_(words), records_(records) {}

  // Follows the flow of the graph in this order: begin(), after_node() of every node, end(). It notices where a tensor
  // is written twice or read before it is written, or a constant is written.
  void begin() {
    for (int32_t t = 0; words_ != nullptr && t < model_.tensor_count(); ++t) words_[t] = kNowhere;
    define_all(model_.graph_inputs(), 0);
  }
  void after_node(int32_t index, const NodePosition& node) {
    use_all(node.inputs, time_of(index));
    define_all(node.outputs, time_of(index));
  }
  void end() {
    if (allocator_.fits()) read_untaken();
    use_all(model_.graph_outputs(), time_of(model_.operator_count()));
  }

  // Bytes at the top of the arena that are in use during planning.
  uint32_t tenant_bytes() const { return static_cast<uint32_t>(count_) * static_cast<uint32_t>(sizeof(Tenant)); }
  // What a tensor needs when it shares memory with no other, and while it is planned.
  static uint32_t needs(int32_t bytes) {
    return align_up(static_cast<uint32_t>(bytes), kAlignment) + static_cast<uint32_t>(sizeof(Tenant));
  }
  // Bytes of all activations, none sharing memory. Variables are missing when the arena was too small for the tenants.
  uint32_t activation_bytes() const { return activation_bytes_; }

  // Gives every used tensor its word and every node its scratch. `base`: offset of the first byte to give out, a
  // multiple of kAlignment. Returns the arena offset at which everything ends; 0 when the graph is broken.
  // REQUIRES: the allocator fits.
  uint32_t plan(uint32_t base) {
    if (broken_ || model_.failed()) return 0;
    base_ = end_ = base;
    if (!place_as_file_says()) unplace_all();
    while (place_largest()) {
    }
    for (int32_t i = 0; i < model_.operator_count(); ++i) {
      NodeRecord& record = records_[i];
      if (record.scratch == 0) continue;
      const uint32_t bytes = record.scratch;
      record.scratch = first_free(bytes, time_of(i), time_of(i));
      extend(record.scratch, bytes);
    }
    for (int32_t k = 0; k < count_; ++k) words_[tenant(k).tensor] = tenant(k).offset;
    return end_;
  }

  // Some node reads a variable.
  bool keeps_state() const { return keeps_state_; }

 private:
  static uint16_t time_of(int32_t node) { return static_cast<uint16_t>(node + 1); }
  // In order of definition. Until the end of plan(), the word of a tenant is its number.
  Tenant& tenant(int32_t k) { return *(first_ - k); }
  Tenant* behind_last() const { return first_ - count_; }
  void extend(uint32_t offset, uint32_t bytes) {
    const uint32_t end = align_up(saturating_sum(offset, bytes), kAlignment);
    if (end > end_) end_ = end;
  }

  // A broken tensor must not wait until it is asked for: what no node takes, nothing else has read whole.
  void read_untaken() {
    for (int32_t k = 0; k < count_; ++k)
      if (tenant(k).last == 0) read_whole(tenant(k).tensor);
    const Position outputs = model_.graph_outputs();
    for (int32_t i = 0, n = model_.length(outputs); i < n; ++i)
      if (words_[model_.index_at(outputs, i)] == kNowhere) read_whole(model_.index_at(outputs, i));
  }
  __attribute__((noinline)) void read_whole(int32_t t) {
    TensorInfo unused;
    model_.tensor(t, unused);
  }

  void define_all(Position list, uint16_t time) {
    for (int32_t i = 0, n = model_.length(list); i < n; ++i) define(model_.index_at(list, i), time);
  }
  void use_all(Position list, uint16_t time) {
    if (!allocator_.fits()) return;
    for (int32_t i = 0, n = model_.length(list); i < n; ++i)
      if (model_.index_at(list, i) >= 0) use(model_.index_at(list, i), time);
  }

  __attribute__((always_inline)) void define(int32_t t, uint16_t time) {
    const TensorPlace place = model_.place(t);
    if (!allocator_.fits()) {
      count(place.bytes);
      return;
    }
    if (words_[t] != kNowhere || place.data != 0 || place.variable != place.handle || place.bytes == 0) broken_ = true;
    if (place.handle) return use(t, time);
    add(t, place.bytes, time, time);
  }

  void use(int32_t t, uint16_t time) {
    if (words_[t] >= 0) {
      Tenant& known = tenant(words_[t]);
      if (known.last < time) known.last = time;
      return;
    }
    if (words_[t] != kNowhere) return;  // a constant that was used before
    const TensorPlace place = model_.place(t);
    if (place.variable) {
      add(t, place.bytes, 0, time_of(model_.operator_count()));
      keeps_state_ = true;
    } else {
      words_[t] = ~static_cast<int32_t>(place.data);
      if (place.data == 0 && place.bytes != 0) broken_ = true;
    }
  }

  void count(int32_t bytes) {
    ++count_;
    activation_bytes_ = saturating_sum(activation_bytes_, align_up(static_cast<uint32_t>(bytes), kAlignment));
  }

  void add(int32_t t, int32_t bytes, uint16_t first, uint16_t last) {
    auto* place = reinterpret_cast<Tenant*>(allocator_.borrow_top(static_cast<uint32_t>(sizeof(Tenant))));
    if (place != nullptr) {
      *place = Tenant{static_cast<uint32_t>(bytes), kUnplaced, t, first, last};
      if (count_ == 0) first_ = place;
      words_[t] = count_;
    }
    count(bytes);
  }

  // False: no plan in the file, or one that is not valid as a whole.
  bool place_as_file_says() {
    // int32: format version 1, a count of subgraphs, n = number of tensors, n offsets.
    const Position plan = model_.metadata("OfflineMemoryAllocation");
    const int32_t n = model_.tensor_count();
    if (model_.length(plan) != 4 * (3 + n) || model_.i32_at(plan, 0) != 1 || model_.i32_at(plan, 2) != n) return false;
    for (int32_t k = 0; k < count_; ++k) {
      Tenant& one = tenant(k);
      const int32_t offset = model_.i32_at(plan, 3 + one.tensor);
      if (offset == -1) continue;
      // A plan that is worse than none at all is not a plan.
      if (offset < 0 || offset % kAlignment != 0 ||
          saturating_sum(static_cast<uint32_t>(offset), one.bytes) > activation_bytes_)
        return false;
      one.offset = static_cast<int32_t>(base_) + offset;
      for (int32_t other = 0; other < k; ++other)
        if (tenant(other).offset != kUnplaced && collide(tenant(other), one)) return false;
      extend(static_cast<uint32_t>(one.offset), one.bytes);
    }
    return true;
  }

  void unplace_all() {
    for (int32_t k = 0; k < count_; ++k) tenant(k).offset = kUnplaced;
    end_ = base_;
  }

  // Larger tenants first, at the lowest offset that is free during their life. False: none is left.
  bool place_largest() {
    Tenant* largest = nullptr;
    for (Tenant *one = first_, *const end = behind_last(); one != end; --one)
      if (one->offset == kUnplaced && (largest == nullptr || one->bytes > largest->bytes)) largest = one;
    if (largest == nullptr) return false;
    const uint32_t offset = first_free(largest->bytes, largest->first, largest->last);
    largest->offset = static_cast<int32_t>(offset);
    extend(offset, largest->bytes);
    return true;
  }

  // The lowest offset of `bytes` that are free from `first` to `last`.
  uint32_t first_free(uint32_t bytes, uint16_t first, uint16_t last) {
    uint32_t offset = base_;
    for (bool moved = true; moved;) {
      moved = false;
      for (const Tenant *one = first_, *const stop = behind_last(); one != stop; --one) {
        if (one->offset == kUnplaced || one->first > last || first > one->last) continue;
        const uint32_t start = static_cast<uint32_t>(one->offset), end = align_up(start + one->bytes, kAlignment);
        if (offset >= end || start >= saturating_sum(offset, bytes)) continue;
        offset = end;
        moved = true;
      }
    }
    return offset;
  }

  bool collide(const Tenant& a, const Tenant& b) {
    if (a.first > b.last || b.first > a.last) return false;
    const uint32_t start_a = static_cast<uint32_t>(a.offset), start_b = static_cast<uint32_t>(b.offset);
    if (start_a >= start_b + b.bytes || start_b >= start_a + a.bytes) return false;
    return !may_share(a, b) && !may_share(b, a);
  }

  // `to` is written over `from` by a node that allows it, and that is the last to need `from`.
  bool may_share(const Tenant& from, const Tenant& to) {
    if (to.first == 0 || from.first >= to.first || from.last != to.first) return false;
    const NodeRecord& node = records_[to.first - 1];
    return resolver_.kernels[node.kernel]->in_place && from.offset == to.offset && to.bytes <= from.bytes &&
           model_.length(node.inputs) > 0 && model_.index_at(node.inputs, 0) == from.tensor &&
           model_.index_at(node.outputs, 0) == to.tensor;
  }

  ModelView& model_;
  const Resolver& resolver_;
  ArenaAllocator& allocator_;
  int32_t* words_;
  NodeRecord* records_;
  Tenant* first_ = nullptr;
  int32_t count_ = 0;
  uint32_t base_ = 0, end_ = 0;
  uint32_t activation_bytes_ = 0;
  bool keeps_state_ = false, broken_ = false;
};

}  // namespace mote
