// Floats that start at a cache line. All the memory of a training run lies in these, taken before its first step.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

namespace mote {

inline constexpr int64_t kLineFloats = 16;
constexpr int64_t round_to_line(int64_t floats) {
  return (floats + kLineFloats - 1) / kLineFloats * kLineFloats;
}

class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(int64_t size) : size_(size) {
    const size_t bytes = static_cast<size_t>(std::max(round_to_line(size), kLineFloats)) * sizeof(float);
    data_.reset(static_cast<float*>(::operator new(bytes, kLine)));
    std::memset(data_.get(), 0, bytes);
  }
  float* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  int64_t bytes() const { return size_ * static_cast<int64_t>(sizeof(float)); }

 private:
  static constexpr std::align_val_t kLine{64};
  struct Free {
    void operator()(float* p) const { ::operator delete(p, kLine); }
  };
  std::unique_ptr<float, Free> data_;
  int64_t size_ = 0;
};

}  // namespace mote
