#include "features/raw/raw.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "features/feature.h"

namespace mote {
namespace {

struct Standard {
  double mean = 0,
         deviation = 0;  // physical units; deviation 0: the channel never moved in training and always gives 0
};

class RawBlock : public FeatureBlock {
 public:
  RawBlock(RecordingContract contract, std::vector<Standard> standards)
      : FeatureBlock(std::move(contract)), standards_(std::move(standards)) {}

  const char* kind() const override { return "raw"; }
  Shape output_shape() const override {
    const int32_t channels = static_cast<int32_t>(standards_.size()), window = contract().window;
    if (const int32_t height = contract().height; height > 0) return make_shape({height, window / height, channels});
    return window == 1 ? make_shape({channels}) : make_shape({window, channels});
  }
  void transform(std::span<const float> window, std::span<float> features) const override;
  Result<void> transform_int8(std::span<const int16_t> window, float scale, int32_t zero_point,
                              std::span<int8_t> features) const override;
  const char* device_header() const override { return "features/raw/raw.h"; }
  Result<std::string> firmware_constants(const std::string& name, float scale, int32_t zero_point) const override;
  std::string firmware_call(const std::string& name, const std::string& input,
                            const std::string& output) const override;
  Json parameters() const override;

 private:
  Result<std::vector<RawChannel>> fixed_point(float scale) const;

  std::vector<Standard> standards_;
};

void RawBlock::transform(std::span<const float> window, std::span<float> features) const {
  const size_t channels = standards_.size();
  for (size_t c = 0; c < channels; ++c) {
    const auto [mean, deviation] = standards_[c];
    const double factor = deviation > 0 ? 1 / deviation : 0;
    for (size_t i = c; i < window.size(); i += channels)
      features[i] = static_cast<float>((static_cast<double>(window[i]) - mean) * factor);
  }
}

Result<std::vector<RawChannel>> RawBlock::fixed_point(float scale) const {
  std::vector<RawChannel> channels;
  for (size_t c = 0; c < standards_.size(); ++c) {
    const ChannelContract& channel = contract().channels[c];
    constexpr double kMostMean = 65536;  // counts; rounded, it may lie beyond the readings
    const double steps = 1 << kRawFractionBits;
    const double mean = (standards_[c].mean - channel.origin) * channel.counts_per_unit;
    const double deviation = standards_[c].deviation * channel.counts_per_unit;
    const double factor = deviation > 0 ? 1 / (deviation * static_cast<double>(scale) * steps) : 0;
    int exponent = 0;
    const double mantissa = std::frexp(factor, &exponent);
    Multiplier fixed;
    const bool fits =
        std::isfinite(factor) && std::abs(mean) <= kMostMean &&
        quantize_multiplier(Real{static_cast<uint64_t>(std::ldexp(mantissa, 53)), exponent - 53}, fixed) &&
        fixed.shift <= 6;
    if (!fits)
      return input_error(fmt::format(
          "channel '{}': a deviation of {:g} counts cannot be standardised to an int8 input of scale {:g}. The "
          "channel hardly moves in the training part: take it out, or give it a finer full_scale",
          channel.name, deviation, scale));
    channels.push_back({static_cast<int32_t>(std::lround(mean * steps)), fixed.multiplier, fixed.shift});
  }
  return channels;
}

Result<void> RawBlock::transform_int8(std::span<const int16_t> window, float scale, int32_t zero_point,
                                      std::span<int8_t> features) const {
  MOTE_TRY(const std::vector<RawChannel> channels, fixed_point(scale));
  raw_int8(window.data(), contract().window, static_cast<int32_t>(channels.size()), channels.data(), zero_point,
           features.data());
  return {};
}

Result<std::string> RawBlock::firmware_constants(const std::string& name, float scale, int32_t zero_point) const {
  MOTE_TRY(const std::vector<RawChannel> channels, fixed_point(scale));
  std::string text = fmt::format(
      "constexpr int32_t {}_zero_point = {};\nMOTE_IN_FLASH(\"channels\") constexpr mote::RawChannel {}_channels[{}] = "
      "{{\n",
      name, zero_point, name, channels.size());
  for (size_t c = 0; c < channels.size(); ++c)
    text += fmt::format("    {{{}, {}, {}}},  // channel {}\n", channels[c].offset, channels[c].multiplier,
                        channels[c].shift, c);
  return text + "};\n";
}

std::string RawBlock::firmware_call(const std::string& name, const std::string& input,
                                    const std::string& output) const {
  return fmt::format("mote::raw_int8({}, {}, {}, MOTE_FLASH_ARRAY({}_channels), {}_zero_point, {});", input,
                     contract().window, standards_.size(), name, name, output);
}

Json RawBlock::parameters() const {
  Json json = {{"mean", Json::array()}, {"deviation", Json::array()}};
  for (const auto& [mean, deviation] : standards_) {
    json["mean"].push_back(mean);
    json["deviation"].push_back(deviation);
  }
  return json;
}

// The deviation to two significant digits, the mean to the same decimal place, or to whole numbers: each a twentieth of
// a deviation off at most, however large the mean. Training and all that follows take these values, so nothing is lost,
// and they are short in the model's file. The mean of a channel that never moves is as fine as its counts.
Standard rounded(double mean, double deviation, double count) {
  const auto number = [](const std::string& text) { return std::strtod(text.c_str(), nullptr); };
  const std::string digits = fmt::format("{:.1e}", deviation > 0 ? deviation : count);  // "4.7e-02"
  const int exponent = std::atoi(digits.c_str() + digits.find('e') + 1);
  return {number(fmt::format("{:.{}f}", mean, std::max(0, 1 - exponent))), deviation > 0 ? number(digits) : 0};
}

// Mean and deviation of each channel over all readings of all training windows. Sums of counts are exact in 64 bits.
Result<FeaturePtr> fit(const RecordingContract& contract, const Json& options, const FeatureWindows& training) {
  if (!options.empty())
    return input_error(
        fmt::format("features.{}: block \"raw\" has no such key; it has none besides block", options.begin().key()));
  const size_t channels = contract.channels.size();
  std::vector<int64_t> sums(channels, 0), squares(channels, 0);
  for (const std::span<const int16_t> window : training)
    for (size_t i = 0; i < window.size(); ++i) {
      sums[i % channels] += window[i];
      squares[i % channels] += int64_t{window[i]} * window[i];
    }
  const double n = static_cast<double>(training.size()) * contract.window;
  std::vector<Standard> standards;
  for (size_t c = 0; c < channels; ++c) {
    const double mean = static_cast<double>(sums[c]) / n;
    const double variance = static_cast<double>(squares[c]) / n - mean * mean;
    const double deviation = variance > 1e-9 * (1 + mean * mean) ? std::sqrt(variance) : 0;
    const ChannelContract& channel = contract.channels[c];
    const double count = 1 / channel.counts_per_unit;
    standards.push_back(rounded(to_value(mean, channel), deviation * count, count));
  }
  return FeaturePtr(std::make_shared<RawBlock>(contract, std::move(standards)));
}

Result<FeaturePtr> load(const RecordingContract& contract, const Json& parameters) {
  std::vector<Standard> standards;
  try {
    const std::vector<double> mean = parameters.at("mean").get<std::vector<double>>();
    const std::vector<double> deviation = parameters.at("deviation").get<std::vector<double>>();
    for (size_t c = 0; c < mean.size() && c < deviation.size(); ++c) standards.push_back({mean[c], deviation[c]});
    if (mean.size() != contract.channels.size() || deviation.size() != mean.size())
      return input_error(
          fmt::format("feature block raw: mean and deviation must have {} values", contract.channels.size()));
  } catch (const Json::exception& error) {
    return input_error(fmt::format("feature block raw: {}", error.what()));
  }
  for (const auto& [mean, deviation] : standards)
    if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0)
      return input_error("feature block raw: mean or deviation is out of range");
  return FeaturePtr(std::make_shared<RawBlock>(contract, std::move(standards)));
}

}  // namespace

extern const FeatureDef raw_feature;
const FeatureDef raw_feature = {"raw", fit, load};

}  // namespace mote
