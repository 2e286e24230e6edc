// Streaming observation of one tensor's values, and the choice of a range from them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

struct ValueRange {
  float low = 0, high = 0;  // low <= 0 <= high
};

// First pass: extremes. Zero is always inside.
class ExtremesObserver {
 public:
  // False when a value is not finite (and nothing is recorded from there on).
  bool observe(std::span<const float> values);
  ValueRange range() const { return range_; }

 private:
  ValueRange range_;
};

// Second pass: a histogram over the extremes. Exact zeros are counted apart, since they are represented without error
// and are most of what a relu gives.
class HistogramObserver {
 public:
  static constexpr int kBins = 2048;
  explicit HistogramObserver(ValueRange extremes);
  void observe(std::span<const float> values);

  // The range that leaves out (1 - percent / 100) of the values, half at each end. REQUIRES: 50 < percent <= 100.
  ValueRange percentile(double percent) const;
  // The range whose int8 grid has the smallest mean squared error over the histogram, clipping included. Both ends are
  // scaled together first, then each alone.
  ValueRange least_squares() const;
  // The range whose int8 grid keeps most information: least divergence from the histogram (Migacz 2017, "8-bit
  // inference with TensorRT"), searched as least_squares() does.
  ValueRange least_divergence() const;
  // Kullback-Leibler divergence, in nats, of the values as the 256 levels of `range` tell them apart from the values
  // themselves: those outside count as its ends, those of one level as equally frequent.
  double divergence(ValueRange range) const;
  // Mean squared error of quantizing the histogram's values (at bin centres) with `range`.
  double squared_error(ValueRange range) const;

 private:
  template <class Cost>
  ValueRange search(const Cost& cost) const;
  double center(int bin) const { return extremes_.low + (bin + 0.5) * width_; }
  ValueRange extremes_;
  double width_;
  int64_t zeros_ = 0;
  std::vector<int64_t> counts_;
};

}  // namespace mote
