#include "toolchain/data/baseline.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "features/baseline/baseline.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

// Of what a channel's training readings are away from their baseline, as a root mean square: below, a deviation says
// more of how still the baseline happened to be than of what the channel does.
constexpr double kLeastShare = 1.0 / 16;

// Drops the first `count` readings.
void drop_front(Piece& piece, int64_t count, size_t channels, size_t targets, double rate) {
  const auto erase = [count](std::vector<float>& values, size_t width) {
    values.erase(values.begin(), values.begin() + count * static_cast<int64_t>(width));
  };
  erase(piece.values, channels);
  if (targets > 0) erase(piece.targets, targets);
  piece.readings -= count;
  piece.first_reading += count;
  if (piece.first_line > 0) piece.first_line += count;
  if (rate > 0) piece.start += static_cast<double>(count) / rate;
  piece.goes_on = false;
}

void make_all_relative(Dataset& dataset) {
  dataset.counts = dataset.fed;
  const size_t channels = dataset.contract.channels.size();
  for (const Recording& recording : dataset.recordings)
    make_relative(dataset.contract, dataset.baselines[static_cast<size_t>(recording.baseline)],
                  std::span(dataset.counts)
                      .subspan(static_cast<size_t>(recording.offset) * channels,
                               static_cast<size_t>(recording.readings) * channels));
  dataset.channels = window_channels(dataset.contract);
}

std::vector<double> means_of(std::span<const int16_t> readings, size_t channels) {
  std::vector<double> means(channels, 0);
  for (size_t i = 0; i < readings.size(); ++i) means[i % channels] += readings[i];
  for (double& mean : means) mean /= static_cast<double>(readings.size() / channels);
  return means;
}

// One for each channel, from the windows of the training part.
std::vector<double> fit_least(const Dataset& dataset) {
  const size_t channels = dataset.contract.channels.size();
  std::vector<std::vector<double>> means;
  for (const std::vector<int16_t>& baseline : dataset.baselines) means.push_back(means_of(baseline, channels));
  std::vector<double> squares(channels, 0);
  for (const DataWindow& window : dataset.train.windows) {
    const Recording& recording = dataset.recordings[static_cast<size_t>(window.recording)];
    const std::vector<double>& mean = means[static_cast<size_t>(recording.baseline)];
    const int16_t* const counts = &dataset.fed[static_cast<size_t>(window.offset) * channels];
    for (size_t i = 0; i < static_cast<size_t>(dataset.contract.elements()); ++i)
      squares[i % channels] += std::pow(counts[i] - mean[i % channels], 2);
  }
  const double readings = static_cast<double>(dataset.train.size()) * dataset.contract.window;
  std::vector<double> least;
  for (const double sum : squares) least.push_back(least_deviation(kLeastShare * std::sqrt(sum / readings)));
  return least;
}

}  // namespace

Result<int32_t> baseline_readings(const TimeSpan& span, double rate) {
  const double readings = span.in_samples ? span.value : std::round(span.value * rate);
  if (readings >= 2 && readings <= kMostBaseline) return static_cast<int32_t>(readings);
  return input_error(fmt::format("mote.toml: data.baseline is {:g} readings{}; expected 2 to {}", readings,
                                 span.in_samples ? "" : fmt::format(" ({:g} s at {:g} Hz)", span.value, rate),
                                 kMostBaseline));
}

Result<void> BaselineTaker::take(const Series& series, std::vector<Piece>& pieces) {
  if (prepared_.baseline == 0) return {};
  if (series.window_rows > 0 || series.each_alone)
    return input_error(fmt::format(
        "{}: holds windows that stand alone, and no recording whose first {} readings could be the baseline. Take "
        "data.baseline out of mote.toml, or give the recordings themselves",
        series.file, prepared_.baseline));
  for (size_t first = 0; first < pieces.size();) {
    size_t last = first + 1;
    while (last < pieces.size() && pieces[last].session == pieces[first].session &&
           pieces[last].group == pieces[first].group)
      ++last;
    take_recording(pieces, first, last);
    first = last;
  }
  std::erase_if(pieces, [](const Piece& piece) { return piece.readings == 0; });
  return {};
}

void BaselineTaker::take_recording(std::vector<Piece>& pieces, size_t first, size_t last) {
  const size_t channels = prepared_.channels.size(), targets = prepared_.targets.size();
  int64_t all = 0;
  for (size_t p = first; p < last; ++p) all += pieces[p].readings;
  const bool too_short = all <= prepared_.baseline;
  if (too_short) too_short_.push_back(fmt::format("{} ({} readings)", pieces[first].file, all));
  std::vector<float> baseline;
  int64_t left = prepared_.baseline;
  for (size_t p = first; p < last; ++p) {
    Piece& piece = pieces[p];
    const int64_t taken = std::min(left, piece.readings);
    piece.baseline = static_cast<int32_t>(prepared_.baselines.size());
    if (taken == 0) continue;
    labels_.emplace_back(piece.file, prepared_.labels[static_cast<size_t>(piece.label)]);
    baseline.insert(baseline.end(), piece.values.begin(),
                    piece.values.begin() + taken * static_cast<int64_t>(channels));
    drop_front(piece, taken, channels, targets, prepared_.rate);
    left -= taken;
  }
  if (!too_short) prepared_.baselines.push_back(std::move(baseline));
}

Result<void> BaselineTaker::finish() {
  const size_t count = too_short_.size();
  const std::string what = count == 1 ? "1 recording ends" : fmt::format("{} recordings end", count);
  if (count > 0 && config_.short_recordings != ShortPolicy::skip)
    return input_error(fmt::format(
        "{} with the baseline of {} readings or before: {}. Take a shorter data.baseline, or say in mote.toml short = "
        "\"skip\" (leave them out). Recordings of one event each, such as a gesture, have no beginning to be measured "
        "by: take data.baseline out",
        what, prepared_.baseline, listed(too_short_, 4)));
  if (count > 0)
    prepared_.notes.push_back(fmt::format("{} with the baseline or before, left out: {}", what, listed(too_short_, 3)));
  std::vector<std::string> files;
  for (const auto& [file, label] : labels_) {
    const auto found = std::find(prepared_.labels.begin(), prepared_.labels.end(), label);
    const auto index = static_cast<size_t>(found - prepared_.labels.begin());
    const bool anomalous = config_.task == DataTask::anomaly && prepared_.normal[index] == 0;
    if (anomalous && (files.empty() || files.back() != file)) files.push_back(file);
  }
  if (!files.empty())
    prepared_.notes.push_back(
        fmt::format("{} recording{} anomalous readings in the baseline, which stand for normal "
                    "ones then: {}",
                    files.size(), files.size() == 1 ? " has" : "s have", listed(files, 3)));
  return {};
}

void express_by_baselines(const DataConfig& config, const Prepared& prepared, Dataset& dataset) {
  dataset.channels = dataset.contract.channels;
  if (prepared.baseline == 0) return;
  const std::vector<ChannelContract>& channels = dataset.contract.channels;
  for (const std::vector<float>& values : prepared.baselines) {
    std::vector<int16_t>& counts = dataset.baselines.emplace_back();
    for (size_t i = 0; i < values.size(); ++i) counts.push_back(to_count(values[i], channels[i % channels.size()]));
  }
  dataset.fed = dataset.counts;
  dataset.contract.baseline.readings = prepared.baseline;
  if (config.baseline_scale) dataset.contract.baseline.least = fit_least(dataset);
  make_all_relative(dataset);
}

void adopt_contract(const RecordingContract& wanted, Dataset& dataset) {
  const std::vector<ChannelContract> found = dataset.contract.channels;
  const auto convert = [&](std::vector<int16_t>& counts) {
    for (size_t i = 0; i < counts.size(); ++i) {
      const size_t channel = i % found.size();
      if (wanted.channels[channel] == found[channel]) continue;
      counts[i] = to_count(to_value(counts[i], found[channel]), wanted.channels[channel]);
    }
  };
  const bool relative = dataset.contract.baseline.readings > 0;
  dataset.contract = wanted;
  dataset.channels = window_channels(wanted);
  convert(relative ? dataset.fed : dataset.counts);
  for (std::vector<int16_t>& baseline : dataset.baselines) convert(baseline);
  if (relative) make_all_relative(dataset);
}

}  // namespace mote
