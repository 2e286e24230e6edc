// What the rules that compare recordings stand on: passages of one label, their moments, robust statistics.
#include <algorithm>
#include <cmath>

#include "toolchain/data/check_rules.h"

namespace mote {
namespace {

constexpr int64_t kLeastRows = 16;  // fewer say nothing of a deviation

void fill_moments(Passage& passage, size_t channels) {
  std::vector<double> sum(channels, 0), n(channels, 0);
  const auto value = [&](int64_t row, size_t c) {
    return static_cast<double>(passage.series->values[static_cast<size_t>(row) * channels + c]);
  };
  for (int64_t row = passage.begin; row < passage.end; ++row)
    for (size_t c = 0; c < channels; ++c)
      if (std::isfinite(value(row, c))) sum[c] += value(row, c), n[c] += 1;
  passage.mean.resize(channels);
  for (size_t c = 0; c < channels; ++c) passage.mean[c] = n[c] > 0 ? sum[c] / n[c] : 0;
  std::vector<double> cubes(channels, 0), products(channels * channels, 0), centred(channels);
  for (int64_t row = passage.begin; row < passage.end; ++row) {
    for (size_t c = 0; c < channels; ++c)
      centred[c] = std::isfinite(value(row, c)) ? value(row, c) - passage.mean[c] : 0;
    for (size_t c = 0; c < channels; ++c) {
      cubes[c] += centred[c] * centred[c] * centred[c];
      for (size_t d = c; d < channels; ++d) products[c * channels + d] += centred[c] * centred[d];
    }
  }
  const auto rows = static_cast<double>(passage.end - passage.begin);
  passage.deviation.resize(channels), passage.skew.resize(channels);
  passage.correlation.assign(channels * channels, 0);
  for (size_t c = 0; c < channels; ++c) passage.deviation[c] = std::sqrt(products[c * channels + c] / rows);
  for (size_t c = 0; c < channels; ++c) {
    const double cube = std::pow(passage.deviation[c], 3);
    passage.skew[c] = cube > 0 ? cubes[c] / rows / cube : 0;
    for (size_t d = c; d < channels; ++d) {
      const double scale = passage.deviation[c] * passage.deviation[d];
      const double r = scale > 0 ? products[c * channels + d] / rows / scale : 0;
      passage.correlation[c * channels + d] = passage.correlation[d * channels + c] = r;
    }
  }
}

}  // namespace

std::vector<Passage> find_passages(const std::vector<Series>& series, size_t channels) {
  std::vector<Passage> passages;
  for (const Series& one : series)
    for (const Stretch& stretch : one.stretches) {
      if (stretch.end - stretch.begin < kLeastRows) continue;
      passages.push_back({&one, stretch.begin, stretch.end, stretch, {}, {}, {}, {}});
      fill_moments(passages.back(), channels);
    }
  return passages;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double robust_deviation(std::vector<double> values) {
  if (values.size() < 2) return 0;
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
  };
  return (at(0.75) - at(0.25)) / 2 / 0.6745;
}

std::vector<size_t> find_triads(const std::vector<std::string>& channels) {
  std::vector<size_t> triads;
  for (size_t i = 0; i + 2 < channels.size(); ++i) {
    const std::string &x = channels[i], &y = channels[i + 1], &z = channels[i + 2];
    if (x.size() != y.size() || x.size() != z.size()) continue;
    size_t different = 0, place = 0;
    for (size_t k = 0; k < x.size(); ++k)
      if (x[k] != y[k] || x[k] != z[k]) ++different, place = k;
    if (different != 1) continue;
    const std::string letters{x[place], y[place], z[place]};
    if (letters == "xyz" || letters == "XYZ") triads.push_back(i);
  }
  return triads;
}

}  // namespace mote
