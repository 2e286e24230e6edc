#include "features/statistics/statistics.h"

#include <array>

#include <fmt/format.h>

#include "features/firmware_text.h"
#include "features/signal_block.h"

namespace mote {
namespace {
namespace statistics_block {

// In the order of Statistic.
constexpr std::array<const char*, kStatistics> kNames = {"mean", "deviation", "rms",      "min",
                                                         "max",  "skew",      "kurtosis", "crossings"};

class StatisticsSignal final : public SignalBlock {
 public:
  void compute(std::span<const int16_t> readings, std::span<int16_t> row) const override {
    statistics(readings.data(), frame, static_cast<int32_t>(readings.size()) / frame, chosen.data(),
               static_cast<int32_t>(chosen.size()), row.data());
  }
  std::string device_header() const override { return "features/statistics/statistics.h"; }
  std::string firmware_constants(const std::string& name) const override {
    return flash_array<uint8_t>("uint8_t", name + "_chosen", "chosen", chosen);
  }
  std::string firmware_call(const std::string& name, const std::string& from, const std::string&,
                            const std::string& row) const override {
    return fmt::format("(void)scratch;\n    mote::statistics({}, {}, {}, MOTE_FLASH_ARRAY({}_chosen), {}, {});", from,
                       frame, static_cast<size_t>(numbers) / chosen.size(), name, chosen.size(), row);
  }

  std::vector<uint8_t> chosen;
};

// How a number of the row stands for a value, in the channel's unit or none.
ChannelContract column(Statistic statistic, const ChannelContract& channel) {
  const std::string name = fmt::format("{} of {}", kNames[static_cast<size_t>(statistic)], channel.name);
  switch (statistic) {
    case Statistic::deviation:
      return {name, channel.unit, 0, channel.counts_per_unit};
    case Statistic::skew:
    case Statistic::kurtosis:
      return {name, "", 0, 1 << kMomentFractionBits};
    case Statistic::crossings:
      return {name, "of all steps", 0, 1 << kCrossingFractionBits};
    default:
      return {name, channel.unit, channel.origin, channel.counts_per_unit};
  }
}

Result<SignalPtr> create(const RecordingContract& contract, FeatureOptions& options, bool) {
  auto block = std::make_shared<StatisticsSignal>();
  block->kind = "statistics";
  block->frame = contract.window;
  block->hop = contract.stride;
  const std::vector<std::string> known(kNames.begin(), kNames.end());
  for (const std::string& name : options.choices("statistics", known, known))
    block->chosen.push_back(static_cast<uint8_t>(std::find(known.begin(), known.end(), name) - known.begin()));
  if (contract.window < 2 || contract.window > kMostStatisticsReadings)
    options.fail("block", fmt::format("statistics need windows of 2 to {} readings, not {}", kMostStatisticsReadings,
                                      contract.window));
  for (const ChannelContract& channel : contract.channels)
    for (const uint8_t which : block->chosen) block->columns.push_back(column(static_cast<Statistic>(which), channel));
  block->numbers = static_cast<int32_t>(block->columns.size());
  block->options = options.answers();
  return SignalPtr(std::move(block));
}

}  // namespace statistics_block
}  // namespace

extern const FeatureDef statistics_feature;
const FeatureDef statistics_feature = {
    "statistics", "of each channel over the window: mean, deviation, RMS, extremes, skew, kurtosis, crossings", false,
    statistics_block::create};

}  // namespace mote
