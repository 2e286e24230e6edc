#include "toolchain/data/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "toolchain/data/text.h"

namespace mote {
namespace {

// What a specification may say, and how much of it makes sense.
struct Kind {
  const char* name;
  double most;
};
constexpr Kind kKinds[] = {{"rotate", 180}, {"warp", 0.9}, {"shift", 0.9}, {"scale", 0.9}, {"jitter", 10}};

// Index of `name` with its axis letter (first or last character) replaced, or -1.
int32_t with_axis(const std::vector<ChannelContract>& channels, std::string name, bool last, char axis) {
  char& letter = last ? name.back() : name.front();
  letter = letter == 'X' ? static_cast<char>(axis - 'a' + 'A') : axis;
  for (size_t i = 0; i < channels.size(); ++i)
    if (channels[i].name == name) return static_cast<int32_t>(i);
  return -1;
}

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

// Rodrigues' formula: the matrix that turns by `angle` around a unit axis.
void rotation(double angle, const double (&u)[3], float (&matrix)[3][3]) {
  const double s = std::sin(angle), c = std::cos(angle);
  const double cross[3][3] = {{0, -u[2], u[1]}, {u[2], 0, -u[0]}, {-u[1], u[0], 0}};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      matrix[i][j] = static_cast<float>((i == j ? c : 0) + s * cross[i][j] + (1 - c) * u[i] * u[j]);
}

void rotate(std::span<float> window, int32_t channels, const std::vector<std::vector<int32_t>>& sensors, double most,
            Random& random) {
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
    for (size_t row = 0; row < window.size(); row += static_cast<size_t>(channels)) {
      float turned[3] = {};
      for (size_t i = 0; i < 3; ++i)
        for (size_t j = 0; j < 3; ++j) turned[i] += matrix[i][j] * window[row + static_cast<size_t>(sensor[j])];
      for (size_t i = 0; i < 3; ++i) window[row + static_cast<size_t>(sensor[i])] = turned[i];
    }
  }
}

// Reading i becomes what the window holds at centre + speed-weighted distance + shift; linear between readings. The
// speed goes linearly from `first` to `last` along the window.
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

}  // namespace

Result<Augmenter> Augmenter::create(const std::vector<std::string>& specifications, const RecordingContract& contract,
                                    std::span<const double> channel_deviation) {
  Augmenter augmenter;
  augmenter.window_ = contract.window;
  augmenter.channels_ = static_cast<int32_t>(contract.channels.size());
  augmenter.sensors_ = find_sensors(contract.channels);
  for (const std::string& text : specifications) {
    const size_t space = text.find(' ');
    const std::string name = text.substr(0, space);
    double amount = 0;
    const bool number = space != std::string::npos && parse_number(std::string_view(text).substr(space), amount);
    const Kind* const kind =
        std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return name == k.name; });
    if (kind == std::end(kKinds))
      return input_error(
          fmt::format("mote.toml: augment \"{}\": expected rotate, warp, shift, scale or jitter, and an amount{}", text,
                      did_you_mean(name, {"rotate", "warp", "shift", "scale", "jitter"})));
    if (!number || amount < 0 || amount > kind->most)
      return input_error(
          fmt::format("mote.toml: augment \"{}\": expected an amount from 0 to {:g} after {}", text, kind->most, name));
    if (name == "rotate") augmenter.rotate_ = static_cast<float>(amount * std::numbers::pi / 180);
    if (name == "warp") augmenter.warp_ = static_cast<float>(amount);
    if (name == "shift") augmenter.shift_ = static_cast<float>(amount);
    if (name == "scale") augmenter.scale_ = static_cast<float>(amount);
    if (name == "jitter")
      for (const double deviation : channel_deviation)
        augmenter.jitter_.push_back(static_cast<float>(amount * deviation));
    if (name == "rotate" && augmenter.sensors_.front().size() != 3)
      return input_error(fmt::format(
          "mote.toml: augment \"{}\": no three channels are the axes of one sensor (such as ax, ay, az)", text));
    if ((name == "warp" || name == "shift") && contract.window < 2)
      return input_error(
          fmt::format("mote.toml: augment \"{}\" needs windows; here every row is an example of its own", text));
  }
  return augmenter;
}

bool Augmenter::empty() const {
  return rotate_ == 0 && warp_ == 0 && shift_ == 0 && scale_ == 0 && jitter_.empty();
}

void Augmenter::apply(std::span<float> window, std::span<float> scratch, Random& random) const {
  const double warp = static_cast<double>(warp_), shift = static_cast<double>(shift_),
               scale = static_cast<double>(scale_);
  if (rotate_ > 0) rotate(window, channels_, sensors_, static_cast<double>(rotate_), random);
  if (warp_ > 0 || shift_ > 0) {
    const double first = random.uniform(1 - warp, 1 + warp), last = random.uniform(1 - warp, 1 + warp);
    retime(window, scratch, channels_, first, last, random.uniform(-shift, shift) * window_);
  }
  const size_t width = static_cast<size_t>(channels_);
  if (scale_ > 0)
    for (const std::vector<int32_t>& sensor : sensors_) {
      const float factor = static_cast<float>(random.uniform(1 - scale, 1 + scale));
      for (const int32_t c : sensor)
        for (size_t i = static_cast<size_t>(c); i < window.size(); i += width) window[i] *= factor;
    }
  if (!jitter_.empty())
    for (size_t i = 0; i < window.size(); ++i) window[i] += jitter_[i % width] * static_cast<float>(random.normal());
}

}  // namespace mote
