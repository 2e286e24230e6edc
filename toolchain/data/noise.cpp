#include "toolchain/data/noise.h"

#include <cmath>
#include <set>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/prepare.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr double kMostDecibels = 100;

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

bool is_noise_augment(const std::string& text) {
  return text == "noise" || text.starts_with("noise ");
}

Result<NoiseAugment> parse_noise_augment(const std::string& text) {
  const auto wrong = [&](const std::string& why) {
    return input_error(
        fmt::format("mote.toml: augment \"{}\": {}; expected a pattern of recordings and two levels in "
                    "dB, such as \"noise noise/*.wav 0 30\"",
                    text, why));
  };
  const size_t first = text.find(' '), last = text.rfind(' ');
  const size_t middle = last == std::string::npos || last == 0 ? std::string::npos : text.rfind(' ', last - 1);
  if (middle == std::string::npos || middle <= first) return wrong("something is missing");
  NoiseAugment augment{text.substr(first + 1, middle - first - 1)};
  const std::string low = text.substr(middle + 1, last - middle - 1);
  if (!parse_number(low, augment.low) || !parse_number(text.substr(last + 1), augment.high) ||
      augment.low > augment.high || augment.low < -kMostDecibels || augment.high > kMostDecibels)
    return wrong("the levels are no numbers, or not in order");
  return augment;
}

namespace {

// Files, as the readers name them, that serve the other use too.
Result<std::set<std::string>> files_of_other_use(const DataConfig& config, const fs::path& folder, NoiseUse use) {
  std::vector<std::string> patterns = config.judged_noise;
  if (use == NoiseUse::judging) {
    patterns.clear();
    for (const std::string& text : config.augment) {
      if (!is_noise_augment(text)) continue;
      MOTE_TRY(const NoiseAugment augment, parse_noise_augment(text));
      patterns.push_back(augment.pattern);
    }
  }
  std::set<std::string> files;
  for (const std::string& pattern : patterns) {
    MOTE_TRY(const std::vector<fs::path> matches, glob(folder, pattern));
    for (const fs::path& path : matches) files.insert(fs::weakly_canonical(path).string());
  }
  return files;
}

// What training (the first two thirds) or judging gets of a recording that both have.
Result<void> keep_share(Piece& piece, const RecordingContract& contract, NoiseUse use) {
  const auto channels = static_cast<int64_t>(contract.channels.size());
  const int64_t readings = static_cast<int64_t>(piece.values.size()) / channels, cut = readings * 2 / 3;
  const auto middle = piece.values.begin() + static_cast<std::ptrdiff_t>(cut * channels);
  const bool training = use == NoiseUse::training;
  const int64_t kept = training ? cut : readings - cut;
  if (kept < contract.window)
    return input_error(fmt::format(
        "{}: noise for training and for [[goal.condition]]; {} gets the {} of its {} readings, {}, less than a window "
        "({}); expected a longer recording, or one for each",
        piece.file, training ? "training" : "judging", training ? "first two thirds" : "last third", readings, kept,
        contract.window));
  if (training)
    piece.values.erase(middle, piece.values.end());
  else
    piece.values.erase(piece.values.begin(), middle);
  return {};
}

}  // namespace

Result<Noise> Noise::load(const DataConfig& config, const Dataset& dataset, const std::filesystem::path& folder,
                          const std::string& pattern, NoiseUse use) {
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
  MOTE_TRY(const std::set<std::string> shared, files_of_other_use(config, folder, use));
  Noise noise;
  for (Piece& piece : prepared.pieces) {
    const fs::path file = fs::weakly_canonical(folder / piece.file);
    if (shared.contains(file.string())) MOTE_CHECK(keep_share(piece, dataset.contract, use));
    noise.recordings_.push_back(std::move(piece.values));
  }
  return noise;
}

void Noise::draw(const RecordingContract& contract, Random& random, std::span<float> window) const {
  if (recordings_.empty()) return random.fill_normal(window);
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
