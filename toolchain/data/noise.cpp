#include "toolchain/data/noise.h"

#include <cmath>

#include <fmt/format.h>

#include "toolchain/data/prepare.h"

namespace mote {
namespace {

// One channel of a window, channels interleaved.
struct Channel {
  std::span<const float> values;
  size_t first, step;

  double mean() const {
    double sum = 0;
    for (size_t i = first; i < values.size(); i += step) sum += double{values[i]};
    return sum * static_cast<double>(step) / static_cast<double>(values.size());
  }
  // Mean square around the mean.
  double power(double around) const {
    double sum = 0;
    for (size_t i = first; i < values.size(); i += step) sum += std::pow(double{values[i]} - around, 2);
    return sum * static_cast<double>(step) / static_cast<double>(values.size());
  }
};

}  // namespace

void add_noise(std::span<float> signal, std::span<const float> noise, size_t channels, double snr_db) {
  for (size_t c = 0; c < channels; ++c) {
    const Channel wanted{signal, c, channels}, added{noise, c, channels};
    const double noise_mean = added.mean();
    const double signal_power = wanted.power(wanted.mean()), noise_power = added.power(noise_mean);
    if (signal_power <= 0 || noise_power <= 0) continue;
    const double factor = std::sqrt(signal_power / (noise_power * std::pow(10.0, snr_db / 10)));
    for (size_t i = c; i < signal.size(); i += channels)
      signal[i] += static_cast<float>(factor * (double{noise[i]} - noise_mean));
  }
}

Result<Noise> Noise::load(const DataConfig& config, const Dataset& dataset, const std::filesystem::path& folder,
                          const std::string& pattern) {
  DataConfig reading = config;
  reading.task = DataTask::anomaly;  // needs no label
  reading.source = {pattern};
  reading.label.clear();
  reading.split = {};
  reading.baseline.reset();
  reading.channels.clear();
  for (const ChannelContract& channel : dataset.contract.channels) reading.channels.push_back(channel.name);
  reading.rate = dataset.contract.rate_hz;
  reading.window = TimeSpan{static_cast<double>(dataset.contract.window), true};
  reading.resample = true;
  reading.short_recordings = ShortPolicy::skip;
  MOTE_TRY(Prepared prepared, prepare(reading, folder, {}));
  Noise noise;
  for (Piece& piece : prepared.pieces) noise.recordings_.push_back(std::move(piece.values));
  return noise;
}

void Noise::draw(const RecordingContract& contract, Random& random, std::span<float> window) const {
  if (recordings_.empty()) {
    for (float& value : window) value = static_cast<float>(random.normal());
    return;
  }
  const size_t channels = contract.channels.size();
  const auto starts = [&](const std::vector<float>& recording) {
    return (recording.size() - window.size()) / channels + 1;
  };
  size_t all = 0;
  for (const std::vector<float>& each : recordings_) all += starts(each);
  size_t start = random.below(static_cast<uint32_t>(all));
  size_t chosen = 0;
  while (start >= starts(recordings_[chosen])) start -= starts(recordings_[chosen++]);
  std::copy_n(recordings_[chosen].begin() + static_cast<std::ptrdiff_t>(start * channels), window.size(),
              window.begin());
}

Dataset with_noise(const Dataset& dataset, const DataPart& part, const Noise& noise, double snr_db, uint64_t seed) {
  Dataset noisy;
  noisy.task = dataset.task;
  noisy.contract = dataset.contract;
  noisy.channels = dataset.channels;
  noisy.classes = dataset.classes;
  noisy.normal = dataset.normal;
  noisy.targets = dataset.targets;
  noisy.target_mean = dataset.target_mean;
  noisy.target_deviation = dataset.target_deviation;
  noisy.recordings = dataset.recordings;
  noisy.split_by = dataset.split_by;
  noisy.groups = dataset.groups;
  noisy.test = part;
  const std::vector<ChannelContract>& channels = dataset.channels;
  std::vector<float> signal(static_cast<size_t>(dataset.contract.elements())), added(signal.size());
  for (size_t w = 0; w < part.windows.size(); ++w) {
    dataset.values(part.windows[w], signal);
    Random random = Random(seed).stream(w);
    noise.draw(dataset.contract, random, added);
    add_noise(signal, added, channels.size(), snr_db);
    noisy.test.windows[w].offset = static_cast<int64_t>(w) * dataset.contract.window;
    for (size_t i = 0; i < signal.size(); ++i)
      noisy.counts.push_back(to_count(double{signal[i]}, channels[i % channels.size()]));
  }
  return noisy;
}

}  // namespace mote
