// What the tests of the kernels share: buffers with sentinels, and every level against the scalar one.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "toolchain/base/random.h"
#include "toolchain/base/simd/simd.h"

namespace mote {
namespace {

constexpr float kSentinel = -12345.5f;
constexpr size_t kMargin = 20;  // sentinel floats before and behind every buffer

// A buffer that starts off any alignment and notices writes outside of it.
class Buffer {
 public:
  Buffer(int64_t n, Random& random, bool fill = true) : all_(static_cast<size_t>(n) + 2 * kMargin, kSentinel) {
    for (int64_t i = 0; i < n; ++i) data()[i] = fill ? static_cast<float>(random.normal()) : 0.0f;
  }
  float* data() { return all_.data() + kMargin; }
  std::span<const float> values() const { return std::span(all_).subspan(kMargin, all_.size() - 2 * kMargin); }
  bool intact() const {
    for (size_t i = 0; i < kMargin; ++i)
      if (all_[i] != kSentinel || all_[all_.size() - 1 - i] != kSentinel) return false;
    return true;
  }

 private:
  std::vector<float> all_;
};

void expect_near(const Buffer& found, const Buffer& expected, double tolerance, const std::string& what) {
  ASSERT_TRUE(found.intact()) << what << " wrote outside its buffer";
  for (size_t i = 0; i < expected.values().size(); ++i) {
    const double want = double{expected.values()[i]};
    ASSERT_NEAR(double{found.values()[i]}, want, tolerance * (1 + std::abs(want))) << what << ", element " << i;
  }
}

const SimdKernels& scalar() {
  return *simd_levels()[0];
}

// Calls body(level, random) with the same random numbers for every level but the scalar one.
void for_levels(uint64_t seed, const std::function<void(const SimdKernels&, Random&)>& body) {
  for (const SimdKernels* kernels : simd_levels().subspan(1)) {
    SCOPED_TRACE(testing::Message() << kernels->name << ", seed " << seed);
    Random random(seed);
    body(*kernels, random);
  }
}

}  // namespace
}  // namespace mote
