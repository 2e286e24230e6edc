// Rules that look at recordings one by one: missing values, signals, labels.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "toolchain/data/check_rules.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

// Thresholds, chosen so that the clean sets of the tests raise no warning.
constexpr int64_t kStuckLeast = 25;                  // readings
constexpr double kStuckUsual = 20;                   // times the channel's usual run of equal readings
constexpr int64_t kClipRun = 3;                      // readings in a row at the channel's extreme
constexpr int64_t kClipLeast = 8;                    // such readings over all recordings
constexpr double kLoud = 0.2;                        // of full scale: what is quieter was not cut off
constexpr double kMoves = 0.1;                       // of a channel's span: more is movement
constexpr double kSpikeSteps = 4, kSpikeSpan = 0.6;  // of the channel's large steps, of its span: both must be passed
constexpr int64_t kSpikeWidest = 2;                  // readings
constexpr double kCounts = 0.98;                     // share of steps upwards in a channel that counts
constexpr int64_t kCountsLeast = 50;                 // such steps
constexpr double kTableOutlier = 25;                 // inter-quartile ranges
constexpr double kHole = 0.005, kBesideHole = 0.02;  // seconds: no reading changes; how it sounds on both sides
constexpr double kLoudBesideHole = 0.3;              // of the recording's deviation
constexpr int64_t kHoleToFill = 10;                  // readings that are missing in a row: more are cut out

// Longest run of equal readings; `at` its first row.
struct Run {
  int64_t at = 0, length = 0;
  double value = 0;
};

template <class Visit>
void for_runs(const Scan& scan, const Series& series, size_t c, const Visit& visit) {
  for (int64_t begin = 0, end = 0; begin < series.rows; begin = end) {
    const double value = scan.value(series, begin, c);
    for (end = begin + 1; end < series.rows && scan.value(series, end, c) == value;) ++end;
    visit(Run{begin, end - begin, value});
  }
}

// A sensor at rest repeats its readings on every channel; a channel that was not read stands still while others move.
bool others_move(const Scan& scan, const Series& series, size_t c, const Run& run) {
  if (scan.channels() == 1) return true;
  for (size_t other = 0; other < scan.channels(); ++other) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t row = run.at; row < run.at + run.length && other != c; ++row) {
      low = std::min(low, scan.value(series, row, other));
      high = std::max(high, scan.value(series, row, other));
    }
    if (high - low > kMoves * scan.input.profiles[other].span) return true;
  }
  return false;
}

double deviation(const Scan& scan, const Series& series, int64_t begin, int64_t end, size_t c) {
  double sum = 0, squares = 0;
  begin = std::max<int64_t>(begin, 0), end = std::min(end, series.rows);
  for (int64_t row = begin; row < end; ++row)
    sum += scan.value(series, row, c), squares += scan.value(series, row, c) * scan.value(series, row, c);
  const auto n = static_cast<double>(std::max<int64_t>(1, end - begin));
  return std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)));
}

// Silence before and after a sound is no fault; a hole of 5 ms and more in the middle of a loud one is.
bool tears_sound(const Scan& scan, const Series& series, size_t c, const Run& run) {
  const double rate = scan.input.rate_of(series);
  const auto beside = static_cast<int64_t>(kBesideHole * rate), end = run.at + run.length;
  if (static_cast<double>(run.length) < kHole * rate || run.at < beside || end + beside > series.rows) return false;
  const double loud = kLoudBesideHole * deviation(scan, series, 0, series.rows, c);
  return deviation(scan, series, run.at - beside, run.at, c) > loud &&
         deviation(scan, series, end, end + beside, c) > loud;
}

// Where others move, as at few files only this one does not: the file can go.
void leave_out_still(const Scan& scan, size_t c, Finding& finding) {
  int64_t still = 0;
  for (const Series& series : *scan.input.series) {
    bool moves = false;
    for (int64_t row = 1; row < series.rows && !moves; ++row)
      moves = scan.value(series, row, c) != scan.value(series, 0, c);
    still += !moves;
  }
  if (still * 4 < static_cast<int64_t>(scan.input.series->size()))
    finding.repair = {{ChangeAction::leave_out, finding.kind, finding.file, 0, 0, "", {}}};
}

void check_still(const Scan& scan, const Series& series, size_t c) {
  const ChannelProfile& profile = scan.input.profiles[c];
  Run longest;
  for_runs(scan, series, c, [&](const Run& run) {
    if (run.length > longest.length &&
        (!scan.input.sound() || run.length == series.rows || tears_sound(scan, series, c, run)))
      longest = run;
  });
  const bool clipped = longest.value == profile.low || longest.value == profile.high;
  if (longest.length < kStuckLeast || (!scan.input.config->table() && !others_move(scan, series, c, longest))) return;
  if (longest.length == series.rows)
    leave_out_still(scan, c,
                    scan.add(Severity::warning, "constant", series, 0,
                             fmt::format("{} is {:g} in all {} readings", scan.channel(c), longest.value, series.rows),
                             "a channel that never moves tells nothing; often a wire, an axis or a register that was "
                             "not set up",
                             "record again, or take the channel out"));
  else if (!scan.input.config->table() && !clipped &&
           (scan.input.sound() || static_cast<double>(longest.length) > kStuckUsual * profile.usual_run))
    scan.add(Severity::warning, "stuck", series, longest.at,
             fmt::format("{} stays at {:g} for {} readings", scan.channel(c), longest.value, longest.length),
             "a sensor that moves elsewhere and freezes here was not read; the model learns the freeze",
             "record again, or let `mote data clean --fix stuck` cut this stretch out")
        .repair = {scan.cut("stuck", series, longest.at, longest.at + longest.length)};
}

// How many readings from `row` on stand `least` or more above, or below, those around them; 0 = no spike. Around the
// first and the last reading of a file there is one.
int64_t spike_width(const Scan& scan, const Series& series, size_t c, int64_t row, double least) {
  const auto at = [&](int64_t i) { return i >= 0 && i < series.rows ? scan.value(series, i, c) : NAN; };
  const double here = at(row);
  for (int64_t width = 1; width <= kSpikeWidest; ++width) {
    const double first = at(row - 1), last = at(row + width);
    const double before = row > 0 ? first : last, after = row + width < series.rows ? last : first;
    const double side = here > before ? 1 : -1;
    if (!(side * (here - before) >= least && side * (at(row + width - 1) - before) >= least)) return 0;
    const bool inside = row > 0 && row + width < series.rows;
    if (side * (at(row + width - 1) - after) >= least && std::abs(after - before) <= least / 4 &&
        (inside || width == 1))
      return width;
  }
  return 0;
}

void check_spikes(const Scan& scan, const Series& series, size_t c) {
  const ChannelProfile& profile = scan.input.profiles[c];
  const double least = std::max(kSpikeSteps * profile.large_step, kSpikeSpan * profile.span);
  if (least <= 0 || profile.distinct < 20) return;
  int64_t first = -1, n = 0;
  std::vector<Change> repair;
  for (int64_t row = 0; row < series.rows; ++row) {
    const int64_t width = spike_width(scan, series, c, row, least);
    if (width == 0) continue;
    if (n++ == 0) first = row;
    const int64_t begin = series.reading(row), end = series.reading(row + width - 1) + 1;
    repair.push_back({ChangeAction::interpolate, "outlier", series.file, begin, end, scan.channel(c), {}});
    row += width - 1;
  }
  if (n > 0)
    scan.add(Severity::warning, "outlier", series, first,
             fmt::format("{} jumps to {:g} and back{}", scan.channel(c), scan.value(series, first, c),
                         n > 1 ? fmt::format(" ({} such spikes in this file)", n) : ""),
             "wild readings come from the wire or the bus, not from the world; they widen the int8 range of the input",
             "check the wiring; correct the reading, or let `mote data clean --fix outlier` interpolate it")
        .repair = std::move(repair);
}

void check_table_outliers(const Scan& scan, const Series& series, size_t c) {
  const ChannelProfile& profile = scan.input.profiles[c];
  const double range = profile.quarter[2] - profile.quarter[0];
  if (range <= 0 || profile.distinct < 20) return;
  int64_t first = -1, n = 0;
  std::vector<Change> repair;
  for (int64_t row = 0; row < series.rows; ++row) {
    if (!(std::abs(scan.value(series, row, c) - profile.quarter[1]) > kTableOutlier * range)) continue;
    if (n++ == 0) first = row;
    repair.push_back(scan.cut("outlier", series, row, row + 1));
  }
  if (n == 1 || (n > 0 && n * 200 < series.rows))
    scan.add(Severity::warning, "outlier", series, first,
             fmt::format("{} is {:g}; half of all rows lie between {:g} and {:g}{}", scan.channel(c),
                         scan.value(series, first, c), profile.quarter[0], profile.quarter[2],
                         n > 1 ? fmt::format(" ({} such rows)", n) : ""),
             "single wild values widen the int8 range of the input and pull the mean",
             "correct the rows if they are not real, or let `mote data clean --fix outlier` leave them out")
        .repair = std::move(repair);
}

// Row numbers and clocks that are taken for a sensor.
void check_counter(const Scan& scan, size_t c) {
  int64_t steps = 0, upwards = 0;
  for (const Series& series : *scan.input.series)
    for (int64_t row = 1; row < series.rows; ++row) {
      if (series.begins(row)) continue;
      ++steps;
      upwards += scan.value(series, row, c) > scan.value(series, row - 1, c);
    }
  if (upwards < kCountsLeast || static_cast<double>(upwards) < kCounts * static_cast<double>(steps)) return;
  scan.findings.push_back({Severity::warning, "counter", "", 0, -1, 1,
                           fmt::format("{} rises with every reading, like a row number or a clock", scan.channel(c)),
                           "the model would learn when a reading was taken, not what was measured",
                           "leave it out of channels; if it is the clock, say time = \"" + scan.channel(c) + "\""});
}

// Loud recordings whose tops are cut off, each at a limit of its own.
void check_clipped_sound(const Scan& scan, const Series& series, size_t c) {
  double low = INFINITY, high = -INFINITY;
  for (int64_t row = 0; row < series.rows; ++row)
    low = std::min(low, scan.value(series, row, c)), high = std::max(high, scan.value(series, row, c));
  const double limit = std::max(-low, high), nearly = 0.998 * limit;
  if (!(limit > kLoud)) return;
  int64_t readings = 0, first = -1;
  for (int64_t begin = 0, end = 0; begin < series.rows; begin = std::max(end, begin + 1)) {
    for (end = begin; end < series.rows && std::abs(scan.value(series, end, c)) >= nearly;) ++end;
    if (end - begin < kClipRun) continue;
    if (first < 0) first = begin;
    readings += end - begin;
  }
  if (readings >= kClipLeast)
    scan.add(Severity::warning, "clipped", series, first,
             fmt::format("{} is cut off at {:.3g} ({} readings, {:.2g} %)", scan.channel(c), limit, readings,
                         100.0 * static_cast<double>(readings) / static_cast<double>(series.rows)),
             "a sound that is cut off has overtones that were never there",
             "turn the gain of the microphone down and record again");
}

// A pile of readings at one end of the range, several in a row.
void check_clipped(const Scan& scan, size_t c) {
  const ChannelProfile& profile = scan.input.profiles[c];
  if (profile.distinct < 50) return;
  if (scan.input.sound()) {
    for (const Series& series : *scan.input.series) check_clipped_sound(scan, series, c);
    return;
  }
  for (const double limit : {profile.low, profile.high}) {
    if (limit == 0) continue;
    int64_t readings = 0, near = 0, files = 0, total = 0;
    const Series* example = nullptr;
    Run where;
    for (const Series& series : *scan.input.series) {
      bool here = false;
      for_runs(scan, series, c, [&](const Run& run) {
        total += run.length;
        if (run.value != limit) {
          near += std::abs(run.value - limit) < 0.02 * profile.span ? run.length : 0;
          return;
        }
        readings += run.length;
        if (run.length >= kClipRun) here = true;
        if (run.length > where.length) where = run, example = &series;
      });
      files += here;
    }
    if (example == nullptr || files == 0 || readings < kClipLeast || readings < near) continue;
    const bool much = readings * 500 > total || files * 10 > static_cast<int64_t>(scan.input.series->size());
    scan.add(much ? Severity::warning : Severity::note, "clipped", *example, where.at,
             fmt::format("{} stops at {:g} for {} readings ({} readings at this limit in all, in {} files)",
                         scan.channel(c), limit, where.length, readings, files),
             "beyond its range the sensor tells nothing of how strong the movement is",
             "set the sensor to a wider range and record again, if strength matters");
  }
}

// By the nearest ratio of g, mg, m/s2 and mm/s2; none when the ratio is like none of them.
std::vector<Change> unit_repair(const Scan& scan, const Series& series, size_t x, double ratio) {
  constexpr double kG = 9.80665;
  for (const double factor : {kG, 1000.0, 1000 * kG, 1000 / kG}) {
    for (const double wanted : {factor, 1 / factor}) {
      if (std::abs(std::log(ratio / wanted)) > 0.25) continue;
      Change change{ChangeAction::transform, "unit", series.file, 0, 0, "", {}};
      for (size_t c = x; c < x + 3; ++c) change.channels.push_back({scan.channel(c), scan.channel(c), wanted, 0});
      return {change};
    }
  }
  return {};
}

// Accelerometers at rest feel 1 g: a file whose readings are 4 times larger or smaller than usual is in another unit.
void check_units(const Scan& scan) {
  for (size_t x = 0; x + 2 < scan.channels(); ++x) {
    const std::string& name = scan.channel(x);
    const std::string stem = lower_case(name).substr(0, name.size() - 1);
    const auto is_axis = [&](size_t c, char axis) { return lower_case(scan.channel(c)) == stem + axis; };
    if (stem.empty() || stem[0] != 'a' || !is_axis(x, 'x') || !is_axis(x + 1, 'y') || !is_axis(x + 2, 'z')) continue;
    std::vector<double> norms;
    for (const Series& series : *scan.input.series) {
      std::vector<double> of_rows;
      for (int64_t row = 0; row < series.rows; ++row)
        of_rows.push_back(
            std::hypot(scan.value(series, row, x), scan.value(series, row, x + 1), scan.value(series, row, x + 2)));
      std::nth_element(of_rows.begin(), of_rows.begin() + static_cast<int64_t>(of_rows.size() / 2), of_rows.end());
      norms.push_back(of_rows[of_rows.size() / 2]);
    }
    std::vector<double> sorted = norms;
    std::sort(sorted.begin(), sorted.end());
    const double usual = sorted[sorted.size() / 2];
    for (size_t i = 0; i < norms.size() && usual > 0; ++i)
      if (norms[i] > 4 * usual || norms[i] < usual / 4)
        scan.add(Severity::warning, "unit", (*scan.input.series)[i], -1,
                 fmt::format("the acceleration is about {:.3g} here and {:.3g} in most files", norms[i], usual),
                 "at rest an accelerometer feels 1 g: this file is in another unit (g, m/s2, mg), and the model would "
                 "tell files by it",
                 "bring all files to one unit, or let `mote data clean --fix unit` scale this one")
            .repair = unit_repair(scan, (*scan.input.series)[i], x, usual / norms[i]);
    return;
  }
}

// Short holes are interpolated, long ones and rows of tables cut out.
std::vector<Change> missing_repair(const Scan& scan, const Series& series, size_t c) {
  std::vector<Change> repair;
  for (int64_t begin = 0, end = 0; begin < series.rows; begin = end) {
    const bool hole = std::isnan(scan.value(series, begin, c));
    for (end = begin + 1; end < series.rows && std::isnan(scan.value(series, end, c)) == hole;) ++end;
    if (!hole) continue;
    repair.push_back(scan.cut("missing", series, begin, end));
    const bool inside = begin > 0 && end < series.rows;
    if (scan.input.config->table() || end - begin > kHoleToFill || !inside) continue;
    repair.back().action = ChangeAction::interpolate;
    repair.back().channel = scan.channel(c);
  }
  return repair;
}

}  // namespace

std::vector<ChannelProfile> profile_channels(const std::vector<Series>& series, size_t channels) {
  std::vector<ChannelProfile> profiles(channels);
  for (size_t c = 0; c < channels; ++c) {
    std::vector<float> values, steps;
    std::set<float> distinct;
    int64_t runs = 0, readings = 0;
    for (const Series& one : series)
      for (int64_t row = 0; row < one.rows; ++row) {
        const float value = one.values[static_cast<size_t>(row) * channels + c];
        if (std::isnan(value)) continue;
        const float before = row > 0 ? one.values[static_cast<size_t>(row - 1) * channels + c] : value;
        values.push_back(value);
        ++readings;
        runs += row == 0 || value != before;
        if (row > 0 && value != before && !std::isnan(before)) steps.push_back(std::abs(value - before));
        if (distinct.size() < 1000) distinct.insert(value);
      }
    if (values.empty()) continue;
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
      return static_cast<double>(values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))]);
    };
    ChannelProfile& profile = profiles[c];
    profile.low = at(0), profile.high = at(1), profile.span = at(0.999) - at(0.001);
    for (int q = 0; q < 3; ++q) profile.quarter[q] = at(0.25 * (q + 1));
    profile.usual_run = static_cast<double>(readings) / static_cast<double>(std::max<int64_t>(1, runs));
    profile.distinct = static_cast<int64_t>(distinct.size());
    if (steps.empty()) continue;
    const size_t large = steps.size() - 1 - steps.size() / 200;
    std::nth_element(steps.begin(), steps.begin() + static_cast<int64_t>(large), steps.end());
    profile.large_step = static_cast<double>(steps[large]);
  }
  return profiles;
}

void check_missing(const CheckInput& input, std::vector<Finding>& findings) {
  const Scan scan{input, findings};
  const bool refused = input.config->missing == MissingPolicy::error;
  for (const Series& series : *input.series)
    for (size_t c = 0; c < scan.channels(); ++c) {
      int64_t first = -1, n = 0;
      for (int64_t row = 0; row < series.rows; ++row)
        if (std::isnan(scan.value(series, row, c)) && n++ == 0) first = row;
      if (n > 0)
        scan.add(refused ? Severity::error : Severity::note, "missing", series, first,
                 fmt::format("{} has no value in {} of {} rows", scan.channel(c), n, series.rows),
                 "a model cannot take a value that is not there",
                 "correct the cells, or say missing = \"drop\" or \"interpolate\" in mote.toml")
            .repair = missing_repair(scan, series, c);
    }
}

void check_signals(const CheckInput& input, std::vector<Finding>& findings) {
  if (input.config->image) return;
  const Scan scan{input, findings};
  for (const Series& series : *input.series)
    for (size_t c = 0; c < scan.channels(); ++c) {
      check_still(scan, series, c);
      if (input.config->table())
        check_table_outliers(scan, series, c);
      else if (!input.sound())  // a click is a sound
        check_spikes(scan, series, c);
    }
  for (size_t c = 0; c < scan.channels(); ++c) check_counter(scan, c);
  if (input.config->table() || input.series->empty()) return;
  for (size_t c = 0; c < scan.channels(); ++c) check_clipped(scan, c);
  check_units(scan);
}

void check_labels(const CheckInput& input, std::vector<Finding>& findings) {
  if (input.config->task != DataTask::classification) return;
  std::map<std::string, int64_t> files;
  for (const Series& series : *input.series)
    for (const std::string& label : series.labels) ++files[label];
  const auto bare = [](const std::string& label) {
    std::string text;
    for (const char c : lower_case(label))
      if (c != ' ' && c != '_' && c != '-') text += c;
    return text;
  };
  for (auto a = files.begin(); a != files.end(); ++a)
    for (auto b = std::next(a); b != files.end(); ++b)
      if (bare(a->first) == bare(b->first))
        findings.push_back({Severity::warning, "label", "", 0, -1, 1,
                            fmt::format("'{}' ({} files) and '{}' ({} files) are two labels", a->first, a->second,
                                        b->first, b->second),
                            "they differ only in case or separators: probably one class written in two ways",
                            "give them one name"});
}

}  // namespace mote
