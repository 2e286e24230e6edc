// How the time stamps of a file run.
#include <algorithm>
#include <cmath>

#include "toolchain/data/series.h"

namespace mote {

constexpr size_t kMostSteps = 1 << 20;  // of which a median is taken

double median_step(const std::vector<double>& stamps) {
  const size_t each = stamps.size() / kMostSteps + 1;  // of very long files, every so many-th step
  std::vector<double> steps;
  for (size_t i = 1; i < stamps.size(); i += each)
    if (stamps[i] > stamps[i - 1]) steps.push_back(stamps[i] - stamps[i - 1]);
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<int64_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

Timing measure_timing(const Series& series) {
  Timing timing;
  timing.audio = series.audio;
  if (series.rate > 0) {
    timing.rate = timing.start_rate = timing.end_rate = series.rate;
    timing.period = 1 / series.rate;
    return timing;
  }
  const std::vector<double>& t = series.seconds;
  const int64_t n = static_cast<int64_t>(t.size());
  if (n < 3) return timing;
  const double span = t.back() - t.front();
  timing.period = median_step(t);
  int64_t repeated = 0;
  for (size_t i = 1; i < t.size(); ++i) repeated += t[i] == t[i - 1];
  if (repeated * 4 > n) timing.period = span > 0 ? span / static_cast<double>(n - 1) : 0;  // stamps come in bursts
  if (timing.period <= 0) return timing;
  double sum = 0, squares = 0, quarter[2] = {0, 0};
  int64_t steps = 0, in_quarter[2] = {0, 0};
  for (int64_t i = 1; i < n; ++i) {
    const double step = t[static_cast<size_t>(i)] - t[static_cast<size_t>(i - 1)];
    if (step < 0) {
      timing.reversals.push_back(i);
      continue;
    }
    // A late stamp is made up for by the next step; a gap is not.
    const double next_two =
        i + 1 < n ? t[static_cast<size_t>(i + 1)] - t[static_cast<size_t>(i - 1)] : step + timing.period;
    const double allowed = repeated * 4 > n ? 20 : 1.75;
    if (step > allowed * timing.period && next_two > (allowed + 1) * timing.period) {
      if (!series.cut_before(i)) timing.gaps.push_back(i);
      continue;
    }
    sum += step, squares += step * step, ++steps;
    if (const int side = i <= n / 4 ? 0 : i > n - 1 - n / 4 ? 1 : -1; side >= 0)
      quarter[side] += step, ++in_quarter[side];
  }
  if (steps == 0 || sum <= 0) return timing;
  const double mean = sum / static_cast<double>(steps);
  timing.rate = 1 / mean;
  timing.jitter = std::sqrt(std::max(0.0, squares / static_cast<double>(steps) - mean * mean)) / mean;
  timing.start_rate = quarter[0] > 0 ? static_cast<double>(in_quarter[0]) / quarter[0] : timing.rate;
  timing.end_rate = quarter[1] > 0 ? static_cast<double>(in_quarter[1]) / quarter[1] : timing.rate;
  return timing;
}

}  // namespace mote
