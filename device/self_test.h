// What a self-test on the device is made of: readings that host and device make alike, and a hash of what became of
// them.
#pragma once
#include <stdint.h>

namespace mote {

// Noise of falling loudness: reading `i` of window `w` is the upper half of a linear congruential generator's state
// (the constants of Press et al., Numerical Recipes, section 7.1), divided by 4^w.
class SelfTestReadings {
 public:
  explicit SelfTestReadings(int32_t window) : shift_(2 * window) {}
  int16_t next() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<int16_t>(static_cast<int16_t>(state_ >> 16) >> shift_);
  }

 private:
  uint32_t state_ = 1;
  int32_t shift_;
};

constexpr int32_t kSelfTestWindows = 3;
constexpr uint32_t kHashStart = 2166136261u;

// FNV-1a (Fowler, Noll, Vo).
inline uint32_t hash_bytes(uint32_t hash, const void* data, int32_t bytes) {
  const uint8_t* const at = static_cast<const uint8_t*>(data);
  for (int32_t i = 0; i < bytes; ++i) hash = (hash ^ at[i]) * 16777619u;
  return hash;
}

}  // namespace mote
