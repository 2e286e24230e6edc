// Rules about the time of recordings: gaps, clocks, rates, lengths.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "toolchain/data/check_rules.h"
#include "toolchain/data/rate.h"

namespace mote {
namespace {

constexpr double kRateOff = 0.02, kDrift = 0.03, kJitter = 0.35;
constexpr int64_t kRepeatedShare = 200;  // one of so many time stamps stands still: more than rounding does

void check_short(const Scan& scan, const Series& series, int32_t window) {
  const std::string what = fmt::format("{} readings, the window has {}", series.rows, window);
  const ShortPolicy policy = scan.input.config->short_recordings;
  Finding& finding =
      policy == ShortPolicy::error
          ? scan.add(Severity::error, "short", series, -1, what, "no window fits in",
                     "record longer, take a shorter window, or say short = \"skip\" or \"pad\" in mote.toml")
      : policy == ShortPolicy::skip
          ? scan.add(Severity::note, "short", series, -1, what, "it is left out, as mote.toml says", "")
          : scan.add(Severity::note, "short", series, -1, what,
                     series.audio ? "it is padded with silence, as mote.toml says"
                                  : "it is padded with its last reading, as mote.toml says",
                     "");
  if (policy == ShortPolicy::error) finding.repair = {{ChangeAction::leave_out, "short", series.file, 0, 0, "", {}}};
}

// Time stamps that stand still: of all readings, or of rows that were written twice.
void check_still_clock(const Scan& scan, const Series& series, const Timing& timing) {
  const std::vector<double>& t = series.seconds;
  const auto n = static_cast<int64_t>(t.size());
  int64_t first = -1, repeated = 0, copies = 0;
  for (int64_t row = 1; row < n; ++row) {
    if (t[static_cast<size_t>(row)] != t[static_cast<size_t>(row - 1)] || series.begins(row)) continue;
    if (repeated++ == 0) first = row;
    bool same = true;
    for (size_t c = 0; c < scan.input.channels->size(); ++c)
      same = same && scan.value(series, row, c) == scan.value(series, row - 1, c);
    copies += same;
  }
  if (n >= 3 && t.front() == t.back() && repeated == n - 1)
    scan.add(Severity::warning, "clock", series, 0, fmt::format("all {} readings have the same time stamp", n),
             "nothing says how fast they were recorded; the rate of mote.toml is believed",
             "record again with a clock, or say time = \"none\" if the rate is known");
  else if (repeated * 4 <= n && (copies > 0 || repeated * kRepeatedShare >= n) && timing.rate > 0)
    scan.add(Severity::warning, "clock", series, first,
             fmt::format("{} reading{} the time stamp of the one before{}", repeated, repeated == 1 ? " has" : "s have",
                         copies == repeated ? ", and its values" : ""),
             "rows that were written twice make the signal look slower there",
             "take the copies out, or let the logger stamp each reading");
}

}  // namespace

void check_timing(const CheckInput& input, std::vector<Finding>& findings) {
  const Scan scan{input, findings};
  const DataConfig& config = *input.config;
  const Result<double> rate = common_rate(config, *input.series, *input.timings);
  if (!rate.ok())
    findings.push_back({Severity::error, "rate", "", 0, -1, 1, rate.error().message,
                        "windows of one length would hold different stretches of time", ""});
  const Result<int32_t> window = rate.ok() ? in_readings("window", *config.window, *rate) : Result<int32_t>(1);
  for (size_t i = 0; i < input.series->size(); ++i) {
    const Series& series = (*input.series)[i];
    const Timing& timing = (*input.timings)[i];
    check_still_clock(scan, series, timing);
    if (!timing.gaps.empty()) {
      const auto length = [&](int64_t row) {
        return series.seconds[static_cast<size_t>(row)] - series.seconds[static_cast<size_t>(row - 1)];
      };
      const int64_t largest = *std::max_element(timing.gaps.begin(), timing.gaps.end(),
                                                [&](int64_t a, int64_t b) { return length(a) < length(b); });
      scan.add(config.gaps == GapPolicy::error ? Severity::error : Severity::warning, "gap", series, largest,
               fmt::format("{} gap{}; the longest, before this line, is {:.3f} s where {:.3f} s are usual",
                           timing.gaps.size(), timing.gaps.size() == 1 ? "" : "s", length(largest), timing.period),
               "readings were lost; no window is taken across a gap",
               "record again, or say gaps = \"fill\" in mote.toml if short gaps do no harm");
    }
    std::vector<int64_t> reversals;  // where a recording begins within the file, its clock begins too
    std::copy_if(timing.reversals.begin(), timing.reversals.end(), std::back_inserter(reversals),
                 [&](int64_t row) { return !series.begins(row); });
    if (!reversals.empty())
      scan.add(Severity::warning, "clock", series, reversals[0],
               fmt::format("the time stamps run backwards ({} in this file)",
                           reversals.size() == 1 ? "once" : fmt::format("{} times", reversals.size())),
               "the logger restarted, or rows are out of order; no window is taken across such a place",
               "cut the file there, or sort its rows");
    const double noise = timing.rate > 0 ? 6 * timing.jitter / std::sqrt(static_cast<double>(series.rows) / 4) : 0;
    if (timing.rate > 0 && series.rows >= 100 &&
        std::abs(timing.end_rate / timing.start_rate - 1) > std::max(kDrift, noise))
      scan.add(Severity::warning, "drift", series, -1,
               fmt::format("the rate goes from {:.4g} Hz at the start to {:.4g} Hz at the end", timing.start_rate,
                           timing.end_rate),
               "the logger got slower or faster; the same movement looks longer or shorter",
               "find what slows the logger down (card, radio), and record again");
    if (timing.jitter > kJitter)
      scan.add(Severity::note, "jitter", series, -1,
               fmt::format("the steps between time stamps vary by {:.0f} % of the period", 100 * timing.jitter),
               "stamps are often taken late; readings are used as if evenly spaced",
               "let a timer or the sensor's own data-ready signal pace the recording");
    if (timing.rate > 0 && !timing.audio && rate.ok() && *rate > 0 && std::abs(timing.rate / *rate - 1) > kRateOff)
      scan.add(config.resample || std::abs(timing.rate / *rate - 1) < 0.05 ? Severity::note : Severity::warning, "rate",
               series, -1, fmt::format("recorded at {:.4g} Hz, mote.toml says {:g} Hz", timing.rate, *rate),
               "the recording is resampled; the board must then read at the rate of mote.toml",
               "correct rate if it is a mistake");
    const double readings = timing.rate > 0 && rate.ok() && *rate > 0
                                ? static_cast<double>(series.rows) * *rate / timing.rate
                                : static_cast<double>(series.rows);
    if (window.ok() && std::lround(readings) < *window) check_short(scan, series, *window);
  }
}

}  // namespace mote
