// Floats that start at a cache line. All the memory of a training run lies in these, taken before its first step.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "toolchain/base/simd/simd.h"

namespace mote {

// Gives memory back the way it was taken.
struct FreeFloats {
  void* pages = nullptr;  // of the system, `bytes` of them; nullptr = from operator new
  size_t bytes = 0;
  void operator()(float* p) const;
};

class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(int64_t size);  // zeros
  float* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  int64_t bytes() const { return size_ * static_cast<int64_t>(sizeof(float)); }

 private:
  std::unique_ptr<float, FreeFloats> data_;
  int64_t size_ = 0;
};

// AddressSanitizer sees the ends of blocks of its own only.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kGuardEachBuffer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kGuardEachBuffer = true;
#else
inline constexpr bool kGuardEachBuffer = false;
#endif
#else
inline constexpr bool kGuardEachBuffer = false;
#endif

// Buffers that live as long as it does, side by side in few large blocks: on huge pages where the system has them.
class FloatArena {
 public:
  float* take(int64_t floats) {  // zeros, until it is rewound
    floats = whole_lines(floats);
    while (block_ < blocks_.size() && blocks_[block_].size() - used_ < floats) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) {
      blocks_.emplace_back(std::max(floats, kGuardEachBuffer ? 0 : std::clamp(total_, kLeastBlock, kMostBlock)));
      total_ += blocks_.back().size();
    }
    float* const data = blocks_[block_].data() + used_;
    used_ += floats;
    return data;
  }
  // Takes the same memory again: who asks for the same sizes gets the same buffers, with what was left in them.
  void rewind() { block_ = 0, used_ = 0; }
  int64_t bytes() const { return total_ * static_cast<int64_t>(sizeof(float)); }

 private:
  static constexpr int64_t kLeastBlock = 16 * 1024, kMostBlock = 2 * 1024 * 1024;
  std::vector<FloatBuffer> blocks_;
  size_t block_ = 0;              // that the next buffer comes from, if it has room
  int64_t total_ = 0, used_ = 0;  // floats; of all blocks, and of that one
};

}  // namespace mote
