// Windows as points, in which what looks alike is near: for the check and the map of `mote data show`.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/data/dataset.h"

namespace mote {

// Rows of numbers, each column with mean 0 and deviation 1 (columns that never change are 0).
struct PointCloud {
  size_t dimensions = 0;
  std::vector<float> values;  // points x dimensions
  size_t size() const { return dimensions == 0 ? 0 : values.size() / dimensions; }
  std::span<const float> point(size_t i) const { return {&values[i * dimensions], dimensions}; }
  float squared_distance(size_t a, size_t b) const;
};
// `values`: points x dimensions, any scale.
PointCloud standardised(std::vector<float> values, size_t dimensions);

// Statistics of a window, channel by channel: level, logarithms of deviation and of the mean step, levels of its
// quarters. From 3 kHz on, logarithms of the power in bands, in three parts of the window. For a table the row itself.
std::vector<float> window_statistics(const Dataset& dataset, const DataWindow& window);
PointCloud statistics_cloud(const Dataset& dataset, const std::vector<const DataWindow*>& windows);

// The two directions in which the points vary most (principal components), and where each point lies along them.
struct Plane {
  std::vector<std::array<double, 2>> points;
  std::array<double, 2> share{};  // of the variance
};
Plane principal_plane(const PointCloud& cloud);

}  // namespace mote
