#include "features/feature.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "features/baseline/baseline.h"
#include "features/signal_block.h"

namespace mote {

#define MOTE_FEATURE(name) extern const FeatureDef name##_feature;
#include "features/features.def"
#undef MOTE_FEATURE

std::span<const FeatureDef* const> all_features() {
  static constexpr std::array features = {
#define MOTE_FEATURE(name) &name##_feature,
#include "features/features.def"
#undef MOTE_FEATURE
  };
  return features;
}

std::vector<std::string> feature_kinds() {
  std::vector<std::string> names;
  for (const FeatureDef* feature : all_features()) names.emplace_back(feature->name);
  return names;
}

int16_t to_count(double value, const ChannelContract& channel) {
  const double count = std::round((value - channel.origin) * channel.counts_per_unit);
  if (std::isnan(count)) return 0;
  return static_cast<int16_t>(std::clamp(count, -32768.0, 32767.0));
}

double to_value(double count, const ChannelContract& channel) {
  return channel.origin + count / channel.counts_per_unit;
}
void to_values(std::span<const int16_t> counts, std::span<const ChannelContract> channels, std::span<float> values) {
  for (size_t c = 0; c < channels.size(); ++c) {
    const ChannelContract& channel = channels[c];
    for (size_t i = c; i < counts.size(); i += channels.size())
      values[i] = static_cast<float>(to_value(counts[i], channel));
  }
}

Json to_json(const RecordingContract& contract) {
  // Columns, not rows: a table may have hundreds of channels, and columns compress better.
  Json channels = {
      {"name", Json::array()}, {"unit", Json::array()}, {"origin", Json::array()}, {"counts_per_unit", Json::array()}};
  for (const ChannelContract& channel : contract.channels) {
    channels["name"].push_back(channel.name);
    channels["unit"].push_back(channel.unit);
    channels["origin"].push_back(channel.origin);
    channels["counts_per_unit"].push_back(channel.counts_per_unit);
  }
  Json json = {{"rate_hz", contract.rate_hz},
               {"window", contract.window},
               {"stride", contract.stride},
               {"channels", std::move(channels)}};
  if (contract.height > 0) json["height"] = contract.height;
  if (contract.baseline.readings > 0) {
    json["baseline"]["readings"] = contract.baseline.readings;
    if (!contract.baseline.least.empty()) json["baseline"]["least_deviation"] = contract.baseline.least;
  }
  return json;
}

namespace {

constexpr double kSmallestLeast = 1.0 * kLeastDeviation / (1 << kLeastDeviationBits), kLargestLeast = 32767;

bool baseline_fits(const RecordingContract& contract) {
  const BaselineContract& baseline = contract.baseline;
  const bool none = baseline.readings == 0 && baseline.least.empty();
  const bool in_time = contract.rate_hz > 0 && contract.height == 0;
  const bool one_each = baseline.least.empty() || baseline.least.size() == contract.channels.size();
  return none || (in_time && baseline.readings > 0 && baseline.readings <= kMostBaseline && one_each &&
                  std::all_of(baseline.least.begin(), baseline.least.end(),
                              [](double least) { return least >= kSmallestLeast && least <= kLargestLeast; }));
}

}  // namespace

int32_t fixed_least(const BaselineContract& baseline, size_t channel) {
  if (baseline.least.empty()) return 0;
  return static_cast<int32_t>(std::lround(baseline.least[channel] * (1 << kLeastDeviationBits)));
}

std::vector<ChannelContract> window_channels(const RecordingContract& contract) {
  std::vector<ChannelContract> channels = contract.channels;
  if (contract.baseline.readings == 0) return channels;
  for (ChannelContract& channel : channels) {
    channel.origin = 0;
    if (contract.baseline.least.empty()) continue;
    channel.unit = "deviations";
    channel.counts_per_unit = 1 << kDeviationBits;
  }
  return channels;
}

void make_relative(const RecordingContract& contract, std::span<const int16_t> baseline, std::span<int16_t> readings) {
  if (baseline.empty()) return;
  const size_t channels = contract.channels.size();
  for (size_t c = 0; c < channels; ++c) {
    BaselineSums sums{0, 0};
    for (size_t i = c; i < baseline.size(); i += channels)
      sums.sum += baseline[i], sums.squares += int32_t{baseline[i]} * baseline[i];
    const RawChannel known =
        baseline_channel(sums, static_cast<int32_t>(baseline.size() / channels), fixed_least(contract.baseline, c));
    for (size_t i = c; i < readings.size(); i += channels) readings[i] = relative_reading(readings[i], known);
  }
}

double least_deviation(double counts) {
  return std::clamp(std::strtod(fmt::format("{:.1e}", counts).c_str(), nullptr), kSmallestLeast, kLargestLeast);
}

Result<RecordingContract> contract_from_json(const Json& json) {
  RecordingContract contract;
  try {
    contract.rate_hz = json.at("rate_hz").get<double>();
    contract.window = json.at("window").get<int32_t>();
    contract.stride = json.at("stride").get<int32_t>();
    contract.height = json.value("height", int32_t{0});
    if (json.contains("baseline")) {
      contract.baseline.readings = json["baseline"].at("readings").get<int32_t>();
      contract.baseline.least = json["baseline"].value("least_deviation", std::vector<double>());
    }
    const Json& channels = json.at("channels");
    const auto names = channels.at("name").get<std::vector<std::string>>();
    const auto units = channels.at("unit").get<std::vector<std::string>>();
    const auto origins = channels.at("origin").get<std::vector<double>>();
    const auto scales = channels.at("counts_per_unit").get<std::vector<double>>();
    if (units.size() != names.size() || origins.size() != names.size() || scales.size() != names.size())
      return input_error(fmt::format(
          "recording contract: {} channels have {} units, {} origins and {} counts_per_unit; expected one of each",
          names.size(), units.size(), origins.size(), scales.size()));
    for (size_t i = 0; i < names.size(); ++i) contract.channels.push_back({names[i], units[i], origins[i], scales[i]});
  } catch (const Json::exception& error) {
    return input_error(fmt::format("recording contract: {}", error.what()));
  }
  const bool scales_ok =
      std::all_of(contract.channels.begin(), contract.channels.end(), [](const ChannelContract& channel) {
        return std::isfinite(channel.origin) && std::isfinite(channel.counts_per_unit) && channel.counts_per_unit > 0;
      });
  constexpr int32_t kMost = 1 << 24;  // elements of a window: far above any microcontroller
  const bool image_ok = contract.height == 0 || (contract.height > 0 && contract.window % contract.height == 0);
  if (contract.window < 1 || contract.stride < 1 || contract.channels.empty() || !scales_ok || !image_ok ||
      !(contract.rate_hz >= 0) ||
      contract.window > kMost / static_cast<int32_t>(std::min<size_t>(contract.channels.size(), kMost)))
    return input_error("recording contract: rate, window, stride, height or a channel's scale is out of range");
  if (!baseline_fits(contract))
    return input_error(
        fmt::format("recording contract: its baseline is out of range: expected up to {} readings in time, and no "
                    "least deviation or one from {:g} to 32767 counts for each channel",
                    kMostBaseline, kSmallestLeast));
  return contract;
}

}  // namespace mote
