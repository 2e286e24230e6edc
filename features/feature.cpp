#include "features/feature.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

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

namespace {

Result<const FeatureDef*> find_feature(const std::string& kind) {
  std::string names;
  for (const FeatureDef* feature : all_features()) {
    if (feature->name == kind) return feature;
    names += (names.empty() ? "" : ", ") + std::string(feature->name);
  }
  return input_error(fmt::format("features.block = \"{}\": no such block; this build has: {}", kind, names));
}

}  // namespace

int16_t to_count(double value, const ChannelContract& channel) {
  const double count = std::round((value - channel.origin) * channel.counts_per_unit);
  if (std::isnan(count)) return 0;
  return static_cast<int16_t>(std::clamp(count, -32768.0, 32767.0));
}

double to_value(double count, const ChannelContract& channel) {
  return channel.origin + count / channel.counts_per_unit;
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
  return json;
}

Result<RecordingContract> contract_from_json(const Json& json) {
  RecordingContract contract;
  try {
    contract.rate_hz = json.at("rate_hz").get<double>();
    contract.window = json.at("window").get<int32_t>();
    contract.stride = json.at("stride").get<int32_t>();
    contract.height = json.value("height", int32_t{0});
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
  return contract;
}

void FeatureBlock::transform_counts(std::span<const int16_t> window, std::span<float> features) const {
  std::vector<float> values(window.size());
  const size_t channels = contract_.channels.size();
  for (size_t i = 0; i < window.size(); ++i)
    values[i] = static_cast<float>(to_value(window[i], contract_.channels[i % channels]));
  transform(values, features);
}

Result<void> FeatureBlock::transform_stored(std::span<const int16_t> window, const TensorType& input,
                                            std::span<uint8_t> bytes) const {
  const bool wide = input.dtype == DType::int16;
  const std::span<int8_t> numbers(reinterpret_cast<int8_t*>(bytes.data()), bytes.size() / (wide ? 2 : 1));
  MOTE_CHECK(transform_int8(window, input.quant.scales[0], input.quant.zero_points[0], numbers));
  for (size_t i = numbers.size(); wide && i-- > 0;) {  // from the end: a number's place lies behind those to be read
    const int16_t number = numbers[i];
    std::memcpy(bytes.data() + 2 * i, &number, sizeof number);
  }
  return {};
}

Result<FeaturePtr> fit_features(const std::string& kind, const RecordingContract& contract, const Json& options,
                                const FeatureWindows& training) {
  MOTE_TRY(const FeatureDef* const feature, find_feature(kind));
  if (training.empty()) return defect("feature block fitted on no windows");
  return feature->fit(contract, options, training);
}

Json to_json(const FeatureBlock& block) {
  return {{"block", block.kind()}, {"contract", to_json(block.contract())}, {"parameters", block.parameters()}};
}

Result<FeaturePtr> features_from_json(const Json& json) {
  if (!json.is_object() || !json.contains("block") || !json["block"].is_string() || !json.contains("contract") ||
      !json.contains("parameters"))
    return input_error("feature block: expected the keys block, contract and parameters");
  MOTE_TRY(const FeatureDef* const feature, find_feature(json["block"].get<std::string>()));
  MOTE_TRY(const RecordingContract contract, contract_from_json(json["contract"]));
  return feature->load(contract, json["parameters"]);
}

}  // namespace mote
