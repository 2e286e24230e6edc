// Percentile bootstrap (Efron 1979) over groups of examples.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "toolchain/train/metrics.h"

namespace mote {

// Writes the metrics of the data set in which example i occurs times[i] times.
using WeightedMetrics = std::function<void(std::span<const int32_t> times, std::span<double> metrics)>;

// 95 % intervals of `count` metrics over `examples` examples. With fewer than two groups every example is its own
// group, since one group says nothing about others. Large sets take fewer draws, at least 200, to bound the time.
std::vector<Interval> bootstrap_intervals(const BootstrapConfig& config, int64_t examples, size_t count,
                                          const WeightedMetrics& metrics);

bool has_groups(const BootstrapConfig& config);  // two different ones at least

}  // namespace mote
