// Floats that start at a cache line. All the memory of a training run lies in these, taken before its first step.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace mote {

inline constexpr int64_t kLineFloats = 16;
constexpr int64_t round_to_line(int64_t floats) {
  return (floats + kLineFloats - 1) / kLineFloats * kLineFloats;
}

struct FreeFloats {
  std::align_val_t alignment{64};
  void operator()(float* p) const { ::operator delete(p, alignment); }
};

class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(int64_t size) : size_(size) {
    const size_t bytes = static_cast<size_t>(std::max(round_to_line(size), kLineFloats)) * sizeof(float);
    const std::align_val_t alignment = bytes >= kHugePage ? std::align_val_t{kHugePage} : kLine;
    data_ = {static_cast<float*>(::operator new(bytes, alignment)), FreeFloats{alignment}};
#if defined(__linux__)
    if (bytes >= kHugePage) madvise(data_.get(), bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // a wish
#endif
    std::memset(data_.get(), 0, bytes);
  }
  float* data() const {
    return data_.get();
  }
  int64_t size() const {
    return size_;
  }
  int64_t bytes() const {
    return size_ * static_cast<int64_t>(sizeof(float));
  }

 private:
  static constexpr std::align_val_t kLine{64};
  static constexpr size_t kHugePage = size_t{2} << 20;
  std::unique_ptr<float, FreeFloats> data_;
  int64_t size_ = 0;
};

// Buffers that live as long as it does, side by side in few large blocks: on huge pages where the system has them.
class FloatArena {
 public:
  // Zeros.
  float* take(int64_t floats) {
    floats = round_to_line(floats);
    if (blocks_.empty() || blocks_.back().size() - used_ < floats) {
      blocks_.emplace_back(std::max(floats, std::clamp(total_, kLeastBlock, kMostBlock)));
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
