#include "toolchain/data/variations.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace mote {
namespace {

// Index of `name` with its axis letter (first or last character) replaced, or -1.
int32_t with_axis(const std::vector<ChannelContract>& channels, std::string name, bool last, char axis) {
  char& letter = last ? name.back() : name.front();
  letter = letter == 'X' ? static_cast<char>(axis - 'a' + 'A') : axis;
  for (size_t i = 0; i < channels.size(); ++i)
    if (channels[i].name == name) return static_cast<int32_t>(i);
  return -1;
}

// Rodrigues' formula: the matrix that turns by `angle` around a unit axis.
void rotation(double angle, const double (&u)[3], float (&matrix)[3][3]) {
  const double s = std::sin(angle), c = std::cos(angle);
  const double cross[3][3] = {{0, -u[2], u[1]}, {u[2], 0, -u[0]}, {-u[1], u[0], 0}};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      matrix[i][j] = static_cast<float>((i == j ? c : 0) + s * cross[i][j] + (1 - c) * u[i] * u[j]);
}

// A stretch of up to `most` of `count`: where it begins and how long it is.
std::pair<int32_t, int32_t> draw_stretch(int32_t count, double most, Random& random) {
  const auto longest = static_cast<uint32_t>(most * count);
  const auto length = static_cast<int32_t>(random.below(longest + 1));
  return {static_cast<int32_t>(random.below(static_cast<uint32_t>(count - length + 1))), length};
}

}  // namespace

std::vector<std::vector<int32_t>> find_sensors(const std::vector<ChannelContract>& channels) {
  std::vector<std::vector<int32_t>> sensors;
  std::vector<bool> used(channels.size(), false);
  for (size_t i = 0; i < channels.size(); ++i)
    for (const bool last : {true, false}) {
      const std::string& name = channels[i].name;
      const char letter = last ? name.back() : name.front();
      if ((letter != 'x' && letter != 'X') || used[i]) continue;
      const int32_t y = with_axis(channels, name, last, 'y'), z = with_axis(channels, name, last, 'z');
      if (y < 0 || z < 0 || used[static_cast<size_t>(y)] || used[static_cast<size_t>(z)]) continue;
      sensors.push_back({static_cast<int32_t>(i), y, z});
      used[i] = used[static_cast<size_t>(y)] = used[static_cast<size_t>(z)] = true;
    }
  for (size_t i = 0; i < channels.size(); ++i)
    if (!used[i]) sensors.push_back({static_cast<int32_t>(i)});
  return sensors;
}

void rotate_sensors(std::span<float> window, int32_t channels, const std::vector<std::vector<int32_t>>& sensors,
                    double most, Random& random) {
  double axis[3], length;
  do {
    for (double& a : axis) a = random.normal();
    length = std::sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
  } while (length < 1e-6);
  for (double& a : axis) a /= length;
  float matrix[3][3];
  rotation(random.uniform(-most, most), axis, matrix);
  for (const std::vector<int32_t>& sensor : sensors) {
    if (sensor.size() != 3) continue;
    const size_t x = static_cast<size_t>(sensor[0]), y = static_cast<size_t>(sensor[1]),
                 z = static_cast<size_t>(sensor[2]);
    for (size_t row = 0; row < window.size(); row += static_cast<size_t>(channels)) {
      const float before[3] = {window[row + x], window[row + y], window[row + z]};
      const auto turned = [&](const float(&m)[3]) { return m[0] * before[0] + m[1] * before[1] + m[2] * before[2]; };
      window[row + x] = turned(matrix[0]);
      window[row + y] = turned(matrix[1]);
      window[row + z] = turned(matrix[2]);
    }
  }
}

void retime(std::span<float> window, std::span<float> scratch, int32_t channels, double first, double last,
            double shift) {
  const size_t width = static_cast<size_t>(channels), readings = window.size() / width;
  const double length = static_cast<double>(readings - 1);
  const double centre = first * 0.5 + (last - first) * 0.125;  // of the warped time
  std::copy(window.begin(), window.end(), scratch.begin());
  for (size_t i = 0; i < readings; ++i) {
    const double u = static_cast<double>(i) / length;
    const double warped = first * u + (last - first) * u * u / 2 - centre + 0.5;
    const double at = std::clamp(warped * length + shift, 0.0, length);
    const size_t below = std::min(static_cast<size_t>(at), readings - 2);
    const float fraction = static_cast<float>(at - static_cast<double>(below));
    for (size_t c = 0; c < width; ++c) {
      const float a = scratch[below * width + c], b = scratch[(below + 1) * width + c];
      window[i * width + c] = a + fraction * (b - a);
    }
  }
}

void flip_columns(std::span<float> image, int32_t height, int32_t channels) {
  const size_t depth = static_cast<size_t>(channels), row = image.size() / static_cast<size_t>(height);
  for (size_t start = 0; start < image.size(); start += row)
    for (size_t left = 0, right = row - depth; left < right; left += depth, right -= depth)
      std::swap_ranges(&image[start + left], &image[start + left] + depth, &image[start + right]);
}

void move_image(std::span<float> image, std::span<float> scratch, int32_t height, int32_t channels, int32_t down,
                int32_t right) {
  const int32_t width = static_cast<int32_t>(image.size()) / height / channels;
  std::copy(image.begin(), image.end(), scratch.begin());
  for (int32_t y = 0; y < height; ++y)
    for (int32_t x = 0; x < width; ++x) {
      const int32_t from_y = std::clamp(y - down, 0, height - 1), from_x = std::clamp(x - right, 0, width - 1);
      std::copy_n(&scratch[static_cast<size_t>((from_y * width + from_x) * channels)], channels,
                  &image[static_cast<size_t>((y * width + x) * channels)]);
    }
}

void mask_rows(std::span<float> features, int32_t columns, double most, Random& random) {
  const auto [first, count] = draw_stretch(static_cast<int32_t>(features.size()) / columns, most, random);
  std::fill_n(features.begin() + int64_t{first} * columns, int64_t{count} * columns, 0.0f);
}

void mask_columns(std::span<float> features, int32_t columns, double most, Random& random) {
  const auto [first, count] = draw_stretch(columns, most, random);
  for (size_t row = 0; row < features.size(); row += static_cast<size_t>(columns))
    std::fill_n(features.begin() + static_cast<int64_t>(row) + first, count, 0.0f);
}

}  // namespace mote
