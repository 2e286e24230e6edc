#include "features/raw/raw.h"

#include <cmath>

#include <fmt/format.h>

#include "features/feature.h"

namespace mote {
namespace {

// Mean and deviation of a channel, rounded to whole steps before training, so that all that follows takes these values
// and nothing is lost. A step is at most 1/64 of the deviation, a third of a usual int8 input's step: coarser steps
// cost int8 accuracy where channels move together (neighbouring bands), because their int8 errors no longer do.
struct Standard {
  double step = 1;                 // counts
  double mean = 0, deviation = 0;  // steps; deviation 0: the channel never moved in training and always gives 0

  double mean_counts() const { return mean * step; }
  double deviation_counts() const { return deviation * step; }
};
constexpr int kStepBits = 6;  // a deviation has 2^6 to 2^7 steps

Standard rounded(double mean_counts, double deviation_counts) {
  const double step = deviation_counts > 0 ? std::ldexp(1, std::ilogb(deviation_counts) - kStepBits) : 1;
  return {step, std::round(mean_counts / step), std::round(deviation_counts / step)};
}

class RawBlock : public FeatureBlock {
 public:
  RawBlock(RecordingContract contract, std::vector<Standard> standards)
      : FeatureBlock(std::move(contract)), standards_(std::move(standards)) {}

  const char* kind() const override { return "raw"; }
  Shape output_shape() const override {
    const int32_t channels = static_cast<int32_t>(standards_.size());
    return contract().window == 1 ? make_shape({channels}) : make_shape({contract().window, channels});
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
    const double mean = to_value(standards_[c].mean_counts(), contract().channels[c]);
    const double deviation = standards_[c].deviation_counts() / contract().channels[c].counts_per_unit;
    const double factor = deviation > 0 ? 1 / deviation : 0;
    for (size_t i = c; i < window.size(); i += channels)
      features[i] = static_cast<float>((static_cast<double>(window[i]) - mean) * factor);
  }
}

Result<std::vector<RawChannel>> RawBlock::fixed_point(float scale) const {
  std::vector<RawChannel> channels;
  for (size_t c = 0; c < standards_.size(); ++c) {
    const ChannelContract& channel = contract().channels[c];
    const double steps = 1 << kRawFractionBits;
    const double mean = standards_[c].mean_counts();
    const double deviation = standards_[c].deviation_counts();
    const double factor = deviation > 0 ? 1 / (deviation * static_cast<double>(scale) * steps) : 0;
    int exponent = 0;
    const double mantissa = std::frexp(factor, &exponent);
    Multiplier fixed;
    const bool fits =
        std::isfinite(factor) && std::abs(mean) <= 32768 &&
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
  std::string text =
      fmt::format("constexpr int32_t {}_zero_point = {};\nconstexpr mote::RawChannel {}_channels[{}] = {{\n", name,
                  zero_point, name, channels.size());
  for (size_t c = 0; c < channels.size(); ++c)
    text += fmt::format("    {{{}, {}, {}}},  // channel {}\n", channels[c].offset, channels[c].multiplier,
                        channels[c].shift, c);
  return text + "};\n";
}

std::string RawBlock::firmware_call(const std::string& name, const std::string& input,
                                    const std::string& output) const {
  return fmt::format("mote::raw_int8({}, {}, {}, {}_channels, {}_zero_point, {});", input, contract().window,
                     standards_.size(), name, name, output);
}

// A column of the parameters: from the second value on the difference to the one before, which is small where channels
// are alike.
struct Column {
  const char* name;
  double Standard::*value;
};
constexpr Column kColumns[] = {
    {"step", &Standard::step}, {"mean", &Standard::mean}, {"deviation", &Standard::deviation}};

Json RawBlock::parameters() const {
  Json json = Json::object();
  for (const Column& column : kColumns) {
    double last = 0;
    for (const Standard& standard : standards_) {
      json[column.name].push_back(short_number(standard.*column.value - last));
      last = standard.*column.value;
    }
  }
  return json;
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
    standards.push_back(rounded(mean, deviation));
  }
  return FeaturePtr(std::make_shared<RawBlock>(contract, std::move(standards)));
}

Result<FeaturePtr> load(const RecordingContract& contract, const Json& parameters) {
  std::vector<Standard> standards(contract.channels.size());
  for (const Column& column : kColumns) {
    std::vector<double> differences;
    try {
      differences = parameters.at(column.name).get<std::vector<double>>();
    } catch (const Json::exception& error) {
      return input_error(fmt::format("feature block raw: {}", error.what()));
    }
    if (differences.size() != standards.size())
      return input_error(fmt::format("feature block raw: {} has {} values for {} channels", column.name,
                                     differences.size(), standards.size()));
    double value = 0;
    for (size_t c = 0; c < standards.size(); ++c) standards[c].*column.value = value += differences[c];
  }
  for (const Standard& standard : standards)
    if (!std::isfinite(standard.mean_counts()) || !std::isfinite(standard.deviation_counts()) || !(standard.step > 0) ||
        standard.deviation < 0)
      return input_error("feature block raw: step, mean or deviation is out of range");
  return FeaturePtr(std::make_shared<RawBlock>(contract, std::move(standards)));
}

}  // namespace

extern const FeatureDef raw_feature;
const FeatureDef raw_feature = {"raw", fit, load};

}  // namespace mote
