#include "toolchain/data/rate.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace mote {
namespace {

constexpr double kOtherRate = 0.05;  // recordings further apart were recorded at two rates
constexpr double kWrongUnit = 20;    // further off: the unit of the time stamps must be wrong

// A rate that people would write: four significant digits.
double rounded_rate(double rate) {
  const double unit = std::pow(10.0, std::floor(std::log10(rate)) - 3);
  return std::round(rate / unit) * unit;
}

}  // namespace

Result<void> check_time_unit(const std::string& file, const Timing& timing, double wanted) {
  if (timing.rate == 0 || timing.audio || (timing.rate <= wanted * kWrongUnit && timing.rate >= wanted / kWrongUnit))
    return {};
  return input_error(
      fmt::format("{}: the time stamps give {:.4g} Hz, mote.toml says {:g} Hz. Correct rate, or say the unit of the "
                  "stamps: time_unit = \"s\", \"ms\", \"us\" or \"ns\"",
                  file, timing.rate, wanted));
}

Result<int32_t> in_readings(const std::string& key, const TimeSpan& span, double rate) {
  const double readings = span.in_samples ? span.value : std::round(span.value * rate);
  if (readings < 1)
    return input_error(
        fmt::format("mote.toml: {} = {:g} s is less than one reading at {:g} Hz", key, span.value, rate));
  if (readings > 1e6)
    return input_error(fmt::format("mote.toml: {} is {:g} readings; expected at most a million", key, readings));
  return static_cast<int32_t>(readings);
}

Result<double> common_rate(const DataConfig& config, const std::vector<Series>& series,
                           const std::vector<Timing>& timings) {
  std::vector<std::pair<double, size_t>> rates;
  for (size_t i = 0; i < timings.size(); ++i)
    if (timings[i].rate > 0 && !(config.rate && timings[i].audio)) rates.emplace_back(timings[i].rate, i);
  if (rates.empty()) {
    if (config.rate) return *config.rate;
    if (config.window->in_samples && (!config.stride || config.stride->in_samples)) return 0.0;
    return input_error(
        "mote.toml: the recordings have no time stamps, so rate = \"... Hz\" must say how fast they were recorded");
  }
  std::sort(rates.begin(), rates.end());
  const auto [middle, typical] = rates[rates.size() / 2];
  const double wanted = config.rate.value_or(rounded_rate(middle));
  for (const auto& [rate, index] : {rates.front(), rates.back()}) {
    if (config.resample || std::abs(rate / middle - 1) <= kOtherRate) continue;
    const int64_t such = std::count_if(rates.begin(), rates.end(),
                                       [r = rate](const auto& x) { return std::abs(x.first / r - 1) <= kOtherRate; });
    return input_error(fmt::format(
        "{}: recorded at {:.4g} Hz, but {} at {:.4g} Hz: two rates in one project ({} of {} recordings are at "
        "{:.4g} Hz). Take the odd ones out, or say resample = true in mote.toml to bring all to {:g} Hz",
        series[index].file, rate, series[typical].file, middle, such, rates.size(), rate, wanted));
  }
  MOTE_CHECK(check_time_unit(series[typical].file, timings[typical], wanted));
  return wanted;
}

}  // namespace mote
