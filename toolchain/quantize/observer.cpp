#include "toolchain/quantize/observer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "toolchain/base/quant_params.h"

namespace mote {

bool ExtremesObserver::observe(std::span<const float> values) {
  float low = range_.low, high = range_.high;
  bool finite = true;
  for (float value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
    finite = finite && std::isfinite(value);
  }
  if (finite) range_ = {low, high};
  return finite;
}

HistogramObserver::HistogramObserver(ValueRange extremes)
    : extremes_(extremes), width_((double{extremes.high} - extremes.low) / kBins), counts_(kBins) {}

void HistogramObserver::observe(std::span<const float> values) {
  const double bins_per_unit = width_ > 0 ? 1 / width_ : 0;
  for (float value : values) {
    if (value == 0.0f) {
      ++zeros_;
      continue;
    }
    const int bin = static_cast<int>((double{value} - extremes_.low) * bins_per_unit);
    ++counts_[static_cast<size_t>(std::clamp(bin, 0, kBins - 1))];
  }
}

ValueRange HistogramObserver::percentile(double percent) const {
  int64_t total = zeros_;
  for (int64_t count : counts_) total += count;
  const double tail = (1 - percent / 100) / 2 * static_cast<double>(total);
  // Walking inwards from each end, keep the first bin that cannot be left out whole. Zero stays inside anyway, so zeros
  // need no place in the walk.
  ValueRange range = extremes_;
  double left_out = 0;
  for (int bin = 0; bin < kBins && left_out + static_cast<double>(counts_[bin]) <= tail; ++bin) {
    left_out += static_cast<double>(counts_[bin]);
    range.low = static_cast<float>(extremes_.low + (bin + 1) * width_);
  }
  left_out = 0;
  for (int bin = kBins - 1; bin >= 0 && left_out + static_cast<double>(counts_[bin]) <= tail; --bin) {
    left_out += static_cast<double>(counts_[bin]);
    range.high = static_cast<float>(extremes_.low + bin * width_);
  }
  return {std::min(range.low, 0.0f), std::max(range.high, 0.0f)};
}

double HistogramObserver::squared_error(ValueRange range) const {
  const ScaleZero grid = asymmetric_int8(range.low, range.high);
  double sum = 0;
  int64_t total = zeros_;
  for (int bin = 0; bin < kBins; ++bin) {
    if (counts_[bin] == 0) continue;
    const float value = static_cast<float>(center(bin));
    const double error =
        dequantize(quantize_int8(value, grid.scale, grid.zero_point), grid.scale, grid.zero_point) - value;
    sum += error * error * static_cast<double>(counts_[bin]);
    total += counts_[bin];
  }
  return total == 0 ? 0 : sum / static_cast<double>(total);
}

double HistogramObserver::divergence(ValueRange range) const {
  constexpr int kLevels = 256;
  const auto bin_of = [&](float value) {
    return width_ > 0 ? static_cast<int>(std::lround((double{value} - extremes_.low) / width_)) : 0;
  };
  const int first = std::clamp(bin_of(range.low), 0, kBins - 1);
  const int last = std::clamp(bin_of(range.high), first + 1, kBins);  // one behind
  const int bins = last - first;
  std::vector<double> seen(counts_.begin() + first, counts_.begin() + last), told(static_cast<size_t>(bins));
  for (int level = 0; level < kLevels; ++level) {
    const auto begin = static_cast<size_t>(level * bins / kLevels),
               end = static_cast<size_t>((level + 1) * bins / kLevels);
    double sum = 0, filled = 0;
    for (size_t i = begin; i < end; ++i) sum += seen[i], filled += seen[i] > 0;
    for (size_t i = begin; i < end; ++i) told[i] = seen[i] > 0 ? sum / filled : 0;
  }
  double inside = 0, total = 0;
  for (const double count : seen) inside += count;
  for (int bin = 0; bin < first; ++bin) seen.front() += static_cast<double>(counts_[static_cast<size_t>(bin)]);
  for (int bin = last; bin < kBins; ++bin) seen.back() += static_cast<double>(counts_[static_cast<size_t>(bin)]);
  for (const double count : seen) total += count;
  if (inside == 0 || total == 0) return std::numeric_limits<double>::infinity();
  constexpr double kLeast = 1e-6;  // share of a bin that only clipped values fall into
  double sum = 0;
  for (size_t i = 0; i < seen.size(); ++i)
    if (seen[i] > 0) sum += seen[i] / total * std::log(seen[i] / total / std::max(told[i] / inside, kLeast));
  return sum;
}

template <class Cost>
ValueRange HistogramObserver::search(const Cost& cost) const {
  constexpr int kSteps = 100;
  ValueRange best = extremes_;
  double best_cost = cost(best);
  const auto consider = [&](ValueRange candidate) {
    const double found = cost(candidate);
    if (found < best_cost) best = candidate, best_cost = found;
  };
  const auto scaled = [](float end, int step) { return end * static_cast<float>(step) / kSteps; };
  for (int step = 1; step < kSteps; ++step) consider({scaled(extremes_.low, step), scaled(extremes_.high, step)});
  const float high = best.high;
  for (int step = 1; step < kSteps; ++step) consider({scaled(extremes_.low, step), high});
  const float low = best.low;
  for (int step = 1; step < kSteps; ++step) consider({low, scaled(extremes_.high, step)});
  return best;
}

ValueRange HistogramObserver::least_squares() const {
  return search([this](ValueRange range) { return squared_error(range); });
}

ValueRange HistogramObserver::least_divergence() const {
  return search([this](ValueRange range) { return divergence(range); });
}

}  // namespace mote
