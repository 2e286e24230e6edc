#include "toolchain/data/show.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "toolchain/data/braille_plot.h"

namespace mote {
namespace {

struct Statistics {
  double sum = 0, squares = 0, low = INFINITY, high = -INFINITY;
  int64_t n = 0;
  void add(double value) {
    sum += value, squares += value * value, ++n;
    low = std::min(low, value), high = std::max(high, value);
  }
  double mean() const { return n > 0 ? sum / static_cast<double>(n) : 0; }
  double deviation() const {
    return n > 0 ? std::sqrt(std::max(0.0, squares / static_cast<double>(n) - mean() * mean())) : 0;
  }
};

// [class][channel], over the windows of all parts.
std::vector<std::vector<Statistics>> channel_statistics(const Dataset& dataset) {
  const size_t channels = dataset.channels.size();
  std::vector<std::vector<Statistics>> result(std::max<size_t>(1, dataset.classes.size()),
                                              std::vector<Statistics>(channels));
  for (const DataPart* part : {&dataset.train, &dataset.validation, &dataset.test})
    for (const DataWindow& window : part->windows) {
      const std::span<const int16_t> counts = dataset.window(window);
      for (size_t i = 0; i < counts.size(); ++i)
        result[static_cast<size_t>(window.label)][i % channels].add(
            to_value(counts[i], dataset.channels[i % channels]));
    }
  return result;
}

std::string class_name(const Dataset& dataset, size_t label) {
  return dataset.classes.empty() ? "all" : dataset.classes[label];
}

bool is_table(const Dataset& dataset) {
  return dataset.contract.window == 1;
}

constexpr int kPlotRows = 4;

std::string plot_window(const Dataset& dataset, const DataWindow& window, int columns) {
  const Recording& recording = dataset.recordings[static_cast<size_t>(window.recording)];
  const size_t channels = dataset.channels.size();
  const std::span<const int16_t> counts = dataset.window(window);
  const bool has_lines = recording.first_line > 0;
  std::string text =
      fmt::format("\n{}: {}, {} readings from {} {}\n", class_name(dataset, static_cast<size_t>(window.label)),
                  recording.file, dataset.contract.window, has_lines ? "line" : "reading",
                  (has_lines ? recording.first_line : recording.first_reading) + window.offset - recording.offset);
  for (size_t c = 0; c < std::min<size_t>(channels, 6); ++c) {
    std::vector<double> values;
    for (size_t i = c; i < counts.size(); i += channels) values.push_back(to_value(counts[i], dataset.channels[c]));
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const std::vector<std::string> lines =
        braille_plot(values, std::clamp(columns - 24, 10, 72), kPlotRows, *low, *high);
    for (size_t row = 0; row < lines.size(); ++row) {
      const std::string scale = row == 0                  ? fmt::format("{:.3g}", *high)
                                : row + 1 == lines.size() ? fmt::format("{:.3g}", *low)
                                                          : "";
      text += fmt::format("{:<10.10} {:>9} {}\n", row == 0 ? dataset.channels[c].name : "", scale, lines[row]);
    }
  }
  return text;
}

// Twenty bars of how often a value of one channel occurs, for tables.
std::string histogram(const Dataset& dataset, size_t channel, const Statistics& all) {
  static constexpr const char* kBars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<int64_t> bins(20, 0);
  const size_t channels = dataset.channels.size();
  for (size_t i = channel; i < dataset.counts.size(); i += channels) {
    const double share = all.high > all.low
                             ? (to_value(dataset.counts[i], dataset.channels[channel]) - all.low) / (all.high - all.low)
                             : 0;
    ++bins[static_cast<size_t>(std::clamp(share * 20, 0.0, 19.0))];
  }
  const int64_t most = *std::max_element(bins.begin(), bins.end());
  std::string text;
  for (const int64_t bin : bins) text += kBars[bin == 0 ? 0 : 1 + bin * 7 / most];
  return text;
}

std::string statistics_table(const Dataset& dataset) {
  const std::vector<std::vector<Statistics>> statistics = channel_statistics(dataset);
  std::string text =
      fmt::format("\n{:<20}{:<12}{:>11}{:>11}{:>11}{:>11}\n", "channel", "class", "mean", "deviation", "min", "max");
  constexpr size_t kMostShown = 12;
  const size_t channels = dataset.channels.size();
  for (size_t c = 0; c < std::min(channels, kMostShown); ++c) {
    const ChannelContract& channel = dataset.channels[c];
    const std::string name = channel.unit.empty() ? channel.name : fmt::format("{} [{}]", channel.name, channel.unit);
    for (size_t label = 0; label < statistics.size(); ++label) {
      const Statistics& one = statistics[label][c];
      text += fmt::format("{:<20.19}{:<12.11}{:>11.4g}{:>11.4g}{:>11.4g}{:>11.4g}", label == 0 ? name : "",
                          class_name(dataset, label), one.mean(), one.deviation(), one.n > 0 ? one.low : 0,
                          one.n > 0 ? one.high : 0);
      if (is_table(dataset) && statistics.size() == 1) text += "  " + histogram(dataset, c, one);
      text += "\n";
    }
  }
  if (channels > kMostShown)
    text += fmt::format("... {} channels more (all of them with --json)\n", channels - kMostShown);
  return text;
}

}  // namespace

Json data_summary(const Dataset& dataset) {
  Json json = split_summary(dataset);
  json["contract"] = to_json(dataset.contract);
  const std::vector<std::vector<Statistics>> statistics = channel_statistics(dataset);
  for (size_t label = 0; label < statistics.size(); ++label)
    for (size_t c = 0; c < statistics[label].size(); ++c) {
      const Statistics& one = statistics[label][c];
      if (one.n == 0) continue;
      json["channels"][dataset.channels[c].name][class_name(dataset, label)] = {
          {"mean", one.mean()}, {"deviation", one.deviation()}, {"min", one.low}, {"max", one.high}};
    }
  for (size_t t = 0; t < dataset.targets.size(); ++t)
    json["targets"][dataset.targets[t]] = {{"mean", dataset.target_mean[t]},
                                           {"deviation", dataset.target_deviation[t]}};
  return json;
}

std::string show_data(const Dataset& dataset, int columns) {
  const RecordingContract& contract = dataset.contract;
  std::string text;
  if (!is_table(dataset)) {
    int64_t readings = 0;
    for (const Recording& recording : dataset.recordings) readings += recording.readings - recording.padded;
    const double rate = contract.rate_hz;
    text += contract.height > 0 ? fmt::format("{} images of {}x{} pixels\n", readings / contract.window,
                                              contract.window / contract.height, contract.height)
            : rate > 0
                ? fmt::format("{:.1f} s of recordings at {:g} Hz; windows of {:.3g} s ({} readings) every {:.3g} s\n",
                              static_cast<double>(readings) / rate, rate, contract.window / rate, contract.window,
                              contract.stride / rate)
                : fmt::format("{} readings; windows of {} every {}\n", readings, contract.window, contract.stride);
  }
  text += split_table(dataset) + statistics_table(dataset);
  for (size_t t = 0; t < dataset.targets.size(); ++t)
    text += fmt::format("target {}: mean {:.4g}, deviation {:.4g} (training part)\n", dataset.targets[t],
                        dataset.target_mean[t], dataset.target_deviation[t]);
  if (is_table(dataset) || contract.height > 0) return text;  // pixels are no curve
  for (size_t label = 0; label < std::max<size_t>(1, dataset.classes.size()); ++label)
    for (const DataWindow& window : dataset.train.windows)
      if (window.label == static_cast<int32_t>(label)) {
        text += plot_window(dataset, window, columns);
        break;
      }
  return text;
}

}  // namespace mote
