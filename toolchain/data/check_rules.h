// The rules behind check_data, by what they look at.
#pragma once
#include <vector>

#include "toolchain/data/check.h"
#include "toolchain/data/dataset.h"
#include "toolchain/data/series.h"

namespace mote {

// What is normal for one channel, over all recordings.
struct ChannelProfile {
  double low = 0, high = 0;  // extremes
  double quarter[3] = {};    // quartiles
  double span = 0;           // between the 0.1 % and the 99.9 % quantile
  double large_step = 0;     // 99.5 % quantile of the distance of neighbouring readings
  double usual_run = 1;      // mean number of equal readings in a row
  int64_t distinct = 0;      // different values, counted up to 1000
};

struct CheckInput {
  const DataConfig* config = nullptr;
  const std::vector<std::string>* channels = nullptr;
  const std::vector<Series>* series = nullptr;
  const std::vector<Timing>* timings = nullptr;  // parallel to series
  std::vector<ChannelProfile> profiles;          // parallel to channels
};
std::vector<ChannelProfile> profile_channels(const std::vector<Series>& series, size_t channels);

void check_missing(const CheckInput& input, std::vector<Finding>& findings);  // missing
void check_timing(const CheckInput& input, std::vector<Finding>& findings);   // gap, clock, drift, jitter, rate, short
void check_signals(const CheckInput& input, std::vector<Finding>& findings);  // constant, stuck, clipped, outlier, unit
void check_labels(const CheckInput& input, std::vector<Finding>& findings);   // label names that look like slips
void check_split(const DataConfig& config, const Dataset& dataset,
                 std::vector<Finding>& findings);  // imbalance, duplicate, ...

}  // namespace mote
