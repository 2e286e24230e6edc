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
  float* take(int64_t floats) {  // zeros
    floats = whole_lines(floats);
    if (blocks_.empty() || blocks_.back().size() - used_ < floats) {
      blocks_.emplace_back(std::max(floats, kGuardEachBuffer ? 0 : std::clamp(total_, kLeastBlock, kMostBlock)));
      total_ += blocks_.back().size();
      used_ = 0;
    }
    float* const data = blocks_.back().data() + used_;
    used_ += floats;
    return data;
  }
  int64_t bytes() const { return total_ * static_cast<int64_t>(sizeof(float)); }

 private:
  static constexpr int64_t kLeastBlock = 16 * 1024, kMostBlock = 2 * 1024 * 1024;
  std::vector<FloatBuffer> blocks_;
  int64_t total_ = 0, used_ = 0;  // floats; of all blocks, and of the last
};

}  // namespace mote
