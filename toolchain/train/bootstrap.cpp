#include "toolchain/train/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "toolchain/base/random.h"

namespace mote {
namespace {

// Members of each group, in order of first occurrence.
std::vector<std::vector<int32_t>> members_of_groups(const BootstrapConfig& config, int64_t examples) {
  std::vector<std::vector<int32_t>> members;
  std::map<int64_t, size_t> index;
  for (int32_t i = 0; i < examples; ++i) {
    const int64_t group = has_groups(config) ? config.groups[static_cast<size_t>(i)] : i;
    const auto [at, added] = index.try_emplace(group, members.size());
    if (added) members.emplace_back();
    members[at->second].push_back(i);
  }
  return members;
}

Interval percentile_interval(std::vector<double>& values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {std::nan(""), std::nan("")};
  std::sort(values.begin(), values.end());
  const double last = static_cast<double>(values.size() - 1);
  return {values[static_cast<size_t>(std::floor(0.025 * last))], values[static_cast<size_t>(std::ceil(0.975 * last))]};
}

}  // namespace

bool has_groups(const BootstrapConfig& config) {
  return std::any_of(config.groups.begin(), config.groups.end(),
                     [&](int64_t group) { return group != config.groups[0]; });
}

std::vector<Interval> bootstrap_intervals(const BootstrapConfig& config, int64_t examples, size_t count,
                                          const WeightedMetrics& metrics) {
  constexpr int64_t kMostWork = 50'000'000;  // draws x examples
  const int64_t draws =
      std::clamp<int64_t>(kMostWork / examples, std::min(200, config.draws), std::max(1, config.draws));
  const std::vector<std::vector<int32_t>> groups = members_of_groups(config, examples);
  Random random(config.seed);
  std::vector<std::vector<double>> values(count);
  std::vector<int32_t> times(static_cast<size_t>(examples));
  std::vector<double> found(count);
  for (int64_t draw = 0; draw < draws; ++draw) {
    std::fill(times.begin(), times.end(), 0);
    for (size_t i = 0; i < groups.size(); ++i)
      for (const int32_t member : groups[random.below(static_cast<uint32_t>(groups.size()))])
        ++times[static_cast<size_t>(member)];
    metrics(times, found);
    for (size_t i = 0; i < count; ++i) values[i].push_back(found[i]);
  }
  std::vector<Interval> intervals;
  for (std::vector<double>& v : values) intervals.push_back(percentile_interval(v));
  return intervals;
}

Interval proportion_interval(std::span<const uint8_t> hits, std::span<const uint8_t> counted,
                             const BootstrapConfig& config) {
  int64_t right = 0, all = 0;
  std::set<int64_t> groups;
  for (size_t i = 0; i < hits.size(); ++i) {
    if (counted[i] == 0) continue;
    ++all;
    right += hits[i];
    if (has_groups(config)) groups.insert(config.groups[i]);
  }
  if (groups.empty()) return wilson_interval(right, all);
  const Interval drawn = bootstrap_intervals(config, static_cast<int64_t>(hits.size()), 1,
                                             [&](std::span<const int32_t> times, std::span<double> found) {
                                               double part = 0, whole = 0;
                                               for (size_t i = 0; i < hits.size(); ++i) {
                                                 if (counted[i] == 0) continue;
                                                 whole += times[i];
                                                 part += hits[i] * times[i];
                                               }
                                               found[0] = part / whole;
                                             })[0];
  if (drawn.low < drawn.high) return drawn;
  const auto trials = static_cast<int64_t>(groups.size());
  const double share = static_cast<double>(right) / static_cast<double>(all);
  return wilson_interval(std::llround(share * static_cast<double>(trials)), trials);
}

}  // namespace mote
