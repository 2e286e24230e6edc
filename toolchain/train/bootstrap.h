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
// A draw in which a metric is not defined (NaN) is left out of its interval; with no other draw both ends are NaN.
std::vector<Interval> bootstrap_intervals(const BootstrapConfig& config, int64_t examples, size_t count,
                                          const WeightedMetrics& metrics);

// The 95 % interval of the share of hits among the examples that count (1 or 0 for each example). Without groups
// Wilson's; with groups that of drawing them, or, where no draw differs from another because every group agrees,
// Wilson's with the groups as trials. [0, 1] when nothing counts.
Interval proportion_interval(std::span<const uint8_t> hits, std::span<const uint8_t> counted,
                             const BootstrapConfig& config);

bool has_groups(const BootstrapConfig& config);  // two different ones at least

}  // namespace mote
