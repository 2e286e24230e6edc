// How the arena is divided: [tensor words][node records][op data ...][activations and scratch].
// Everything in it has a fixed width and is an offset, so that a host needs the same bytes as a board.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "device/types.h"

namespace mote {

// One word per tensor says where it is: >= 0 an arena offset, otherwise the complement of a position in the file.
constexpr int32_t kNowhere = -1;          // no node uses the tensor
constexpr int32_t kUnplaced = INT32_MAX;  // while planning: needs a place

// Bookkeeping of one node in the arena.
struct NodeRecord {
  uint32_t inputs;  // position in the file of the vector of tensor indices
  uint32_t outputs;
  uint32_t data;     // arena offset of what prepare kept
  uint32_t scratch;  // arena offset
  int32_t kernel;    // index in the resolver
};

constexpr uint32_t align_up(uint32_t bytes, uint32_t alignment) {
  return (bytes + alignment - 1) & ~(alignment - 1);
}

// Stays below 2^31, so that offsets fit in int32.
constexpr uint32_t saturating_sum(uint32_t a, uint32_t b) {
  return b > 0x7FFFFF00u - a ? 0x7FFFFF00u : a + b;  // REQUIRES: a <= 0x7FFFFF00
}

// Gives memory from the low end of the arena, in order, never back. Past the end it goes on counting, and gives
// nullptr.
class ArenaAllocator {
 public:
  ArenaAllocator(uint8_t* arena, uint32_t capacity) : arena_(arena), capacity_(capacity) {}

  // `alignment` is a power of two, at most kAlignment.
  uint8_t* allocate(uint32_t bytes, uint32_t alignment) {
    const uint32_t start = align_up(used_, alignment);
    used_ = saturating_sum(start, bytes);
    return used_ <= capacity_ ? arena_ + start : nullptr;
  }
  // Memory at the high end, next below what was borrowed before, aligned to 4 bytes: free again when everything has
  // been allocated. nullptr: too small, and then fits() says so too.
  uint8_t* borrow_top(uint32_t bytes) {
    capacity_ &= ~uint32_t{3};
    if (bytes > capacity_ || used_ > capacity_ - bytes) {
      capacity_ = 0;
      return nullptr;
    }
    capacity_ -= bytes;
    return arena_ + capacity_;
  }
  uint32_t used() const { return used_; }
  bool fits() const { return used_ <= capacity_; }

 private:
  uint8_t* arena_;
  uint32_t capacity_;
  uint32_t used_ = 0;
};

}  // namespace mote
