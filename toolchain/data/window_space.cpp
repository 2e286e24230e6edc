#include "toolchain/data/window_space.h"

#include <algorithm>
#include <cmath>

#include "toolchain/data/spectrum.h"

namespace mote {
namespace {

constexpr size_t kBands = 10, kTimes = 3, kQuarters = 4;

void add_movement(const std::vector<double>& values, std::vector<float>& point) {
  double sum = 0, squares = 0, steps = 0;
  std::array<double, kQuarters> quarters{};
  const auto n = static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[i], squares += values[i] * values[i];
    if (i > 0) steps += std::abs(values[i] - values[i - 1]);
    quarters[i * kQuarters / values.size()] += values[i];
  }
  const double mean = sum / n, deviation = std::sqrt(std::max(0.0, squares / n - mean * mean));
  const double tiny = 1e-3 + 1e-4 * std::abs(mean);  // below, what is left is rounding
  point.push_back(static_cast<float>(mean));
  point.push_back(static_cast<float>(std::log(deviation + tiny)));
  point.push_back(static_cast<float>(std::log(steps / n + tiny)));
  for (const double quarter : quarters) point.push_back(static_cast<float>(quarter * kQuarters / n - mean));
}

// Bands between 80 Hz and half of the rate, each as many times higher than the one below.
void add_sound(const std::vector<double>& values, double rate, std::vector<float>& point) {
  const size_t length = std::min(values.size() / kTimes, static_cast<size_t>(0.032 * rate));
  std::vector<double> bands(kBands * kTimes, 1e-12), frames(kTimes, 0);
  if (length >= 16) {
    const Spectrogram all = spectrogram(values, length, std::max<size_t>(1, length / 2));
    const double lowest = 80, factor = static_cast<double>(kBands) / std::log(rate / 2 / lowest);
    for (size_t frame = 0; frame < all.frames; ++frame) {
      const size_t time = frame * kTimes / all.frames;
      frames[time] += 1;
      for (size_t bin = 1; bin < all.bins; ++bin) {
        const double frequency = rate / 2 * static_cast<double>(bin) / static_cast<double>(all.bins - 1);
        if (frequency < lowest) continue;
        const auto band = std::min(kBands - 1, static_cast<size_t>(std::log(frequency / lowest) * factor));
        bands[time * kBands + band] += all.at(frame, bin);
      }
    }
  }
  for (size_t i = 0; i < bands.size(); ++i)
    point.push_back(static_cast<float>(std::log(bands[i] / std::max(1.0, frames[i / kBands]) + 1e-9)));
}

}  // namespace

float PointCloud::squared_distance(size_t a, size_t b) const {
  const float *x = &values[a * dimensions], *y = &values[b * dimensions];
  float sum = 0;
  for (size_t i = 0; i < dimensions; ++i) sum += (x[i] - y[i]) * (x[i] - y[i]);
  return sum;
}

PointCloud standardised(std::vector<float> values, size_t dimensions) {
  const size_t n = dimensions == 0 ? 0 : values.size() / dimensions;
  for (size_t d = 0; d < dimensions; ++d) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; ++i) sum += static_cast<double>(values[i * dimensions + d]);
    const double mean = n > 0 ? sum / static_cast<double>(n) : 0;
    for (size_t i = 0; i < n; ++i) squares += std::pow(static_cast<double>(values[i * dimensions + d]) - mean, 2);
    const double deviation = n > 0 ? std::sqrt(squares / static_cast<double>(n)) : 0;
    for (size_t i = 0; i < n; ++i) {
      float& value = values[i * dimensions + d];
      value = deviation > 1e-9 ? static_cast<float>((static_cast<double>(value) - mean) / deviation) : 0.0f;
    }
  }
  return {dimensions, std::move(values)};
}

std::vector<float> window_statistics(const Dataset& dataset, const DataWindow& window) {
  const size_t channels = dataset.channels.size();
  const std::span<const int16_t> counts = dataset.window(window);
  std::vector<float> point;
  for (size_t c = 0; c < channels; ++c) {
    const ChannelContract& channel = dataset.channels[c];
    if (dataset.contract.window == 1) {
      point.push_back(static_cast<float>(to_value(counts[c], channel)));
      continue;
    }
    std::vector<double> values;
    for (size_t i = c; i < counts.size(); i += channels) values.push_back(to_value(counts[i], channel));
    if (dataset.contract.rate_hz >= kSoundRate) {
      add_sound(values, dataset.contract.rate_hz, point);
      continue;
    }
    // In deviations of the channel, so that what is tiny is so for every unit.
    const double deviation = c < dataset.channel_deviation.size() ? dataset.channel_deviation[c] : 0;
    const double mean = c < dataset.channel_mean.size() ? dataset.channel_mean[c] : 0;
    for (double& value : values) value = deviation > 0 ? (value - mean) / deviation : 0;
    add_movement(values, point);
  }
  return point;
}

PointCloud statistics_cloud(const Dataset& dataset, const std::vector<const DataWindow*>& windows) {
  std::vector<float> values;
  size_t dimensions = 0;
  for (const DataWindow* window : windows) {
    const std::vector<float> point = window_statistics(dataset, *window);
    dimensions = point.size();
    values.insert(values.end(), point.begin(), point.end());
  }
  return standardised(std::move(values), dimensions);
}

Plane principal_plane(const PointCloud& cloud) {
  const size_t n = cloud.size(), d = cloud.dimensions;
  Plane plane;
  plane.points.resize(n);
  if (n == 0) return plane;
  double total = 0;
  for (const float value : cloud.values) total += static_cast<double>(value) * static_cast<double>(value);
  std::vector<double> first;
  for (size_t axis = 0; axis < 2; ++axis) {
    // Power iteration with the points themselves: no matrix of dimensions x dimensions.
    std::vector<double> direction(d), next(d);
    for (size_t k = 0; k < d; ++k) direction[k] = 1 + 0.37 * std::sin(1.7 * static_cast<double>(k) + 1);
    double size = 0;
    constexpr int kSteps = 60;
    for (int step = 0; step < kSteps; ++step) {
      if (axis == 1) {
        double along = 0;
        for (size_t k = 0; k < d; ++k) along += direction[k] * first[k];
        for (size_t k = 0; k < d; ++k) direction[k] -= along * first[k];
      }
      double norm = 0;
      for (const double value : direction) norm += value * value;
      if (norm < 1e-24) break;
      for (double& value : direction) value /= std::sqrt(norm);
      std::fill(next.begin(), next.end(), 0.0);
      size = 0;
      for (size_t i = 0; i < n; ++i) {
        const std::span<const float> point = cloud.point(i);
        double along = 0;
        for (size_t k = 0; k < d; ++k) along += static_cast<double>(point[k]) * direction[k];
        for (size_t k = 0; k < d; ++k) next[k] += along * static_cast<double>(point[k]);
        plane.points[i][axis] = along;
        size += along * along;
      }
      direction.swap(next);
    }
    first = next;  // the unit vector that the points were laid along
    plane.share[axis] = total > 0 ? size / total : 0;
  }
  return plane;
}

}  // namespace mote
