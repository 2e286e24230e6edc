// Seeded random numbers that are the same on every machine and compiler (the distributions of <random> are not).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace mote {

// xoshiro256** (Blackman and Vigna 2018, prng.di.unimi.it), seeded through splitmix64.
class Random {
 public:
  explicit Random(uint64_t seed);
  // An independent stream for `name_index`, so that one consumer's draws do not shift another's.
  Random stream(uint64_t name_index) const;

  uint64_t bits();
  uint32_t below(uint32_t n);  // uniform in [0, n), unbiased; REQUIRES: n > 0
  double uniform();            // [0, 1), 53 bits
  double uniform(double low, double high);
  double normal();                           // mean 0, deviation 1 (polar method with our own log and sqrt only)
  void fill_normal(std::span<float> draws);  // as normal(), many times faster, but other numbers
  template <class T>
  void shuffle(std::vector<T>& items) {  // Fisher and Yates
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(static_cast<uint32_t>(i))]);
  }

 private:
  uint64_t seed_;
  uint64_t state_[4];
};

}  // namespace mote
