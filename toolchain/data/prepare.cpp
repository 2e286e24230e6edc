#include "toolchain/data/prepare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "toolchain/data/resample.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr double kSameRate = 0.02;   // a recording this near to the rate is taken as it is
constexpr double kOtherRate = 0.05;  // recordings further apart were recorded at two rates
constexpr double kWrongUnit = 20;    // further off: the unit of the time stamps must be wrong

// Half-open range of rows of a Series.
struct Range {
  int64_t begin, end;
};

// Files to which something was done, for one note.
struct Tally {
  std::vector<std::string> files;
  int64_t items = 0;
  void add(const std::string& file, int64_t n) {
    if (n == 0) return;
    if (files.empty() || files.back() != file) files.push_back(file);
    items += n;
  }
  std::string where() const {
    return fmt::format("in {} file{} ({})", files.size(), files.size() == 1 ? "" : "s", listed(files, 3));
  }
};

bool row_has_nan(const std::vector<float>& values, int64_t row, size_t width) {
  for (size_t i = 0; i < width; ++i)
    if (std::isnan(values[static_cast<size_t>(row) * width + i])) return true;
  return false;
}

// Linear between the nearest readings that exist; the nearest one at the ends. Returns the number of cells filled.
int64_t interpolate_missing(std::vector<float>& values, int64_t rows, size_t width) {
  int64_t filled = 0;
  for (size_t c = 0; c < width; ++c) {
    const auto at = [&](int64_t row) -> float& { return values[static_cast<size_t>(row) * width + c]; };
    int64_t last = -1;
    for (int64_t row = 0; row <= rows; ++row) {
      if (row < rows && std::isnan(at(row))) continue;
      for (int64_t hole = last + 1; hole < row; ++hole, ++filled) {
        if (last < 0 && row == rows) return filled;  // nothing to interpolate from
        const float low = last < 0 ? at(row) : at(last), high = row == rows ? at(last) : at(row);
        at(hole) = low + (high - low) * static_cast<float>(hole - last) / static_cast<float>(row - last);
      }
      last = row;
    }
  }
  return filled;
}

class Preparer {
 public:
  Preparer(const DataConfig& config, Prepared& prepared) : config_(config), prepared_(prepared) {}

  Result<void> add(Series& series, const Timing& timing);
  Result<void> add_table(Series& series);
  Result<void> finish();

 private:
  Result<std::vector<Range>> usable_ranges(Series& series, const Timing& timing);
  Result<std::vector<uint8_t>> repair_missing(Series& series);
  Piece make_piece(const Series& series, const Timing& timing, Range range);
  int32_t group_index(const std::string& name);
  int32_t label_index(const std::string& name) const;
  void describe(const Tally& tally, const char* noun, const std::string& what) {
    if (!tally.files.empty())
      prepared_.notes.push_back(
          fmt::format("{} {}{} {} {}", tally.items, noun, tally.items == 1 ? "" : "s", what, tally.where()));
  }

  const DataConfig& config_;
  Prepared& prepared_;
  std::map<std::string, int32_t> groups_;
  Tally missing_, gaps_, reversals_, resampled_, short_files_, short_pieces_, padded_;
};

int32_t Preparer::group_index(const std::string& name) {
  const auto [entry, added] = groups_.emplace(name, static_cast<int32_t>(prepared_.groups.size()));
  if (added) prepared_.groups.push_back(name);
  return entry->second;
}

int32_t Preparer::label_index(const std::string& name) const {
  const auto found = std::find(prepared_.labels.begin(), prepared_.labels.end(), name);
  return static_cast<int32_t>(found - prepared_.labels.begin());
}

// 1 for rows that must be left out.
Result<std::vector<uint8_t>> Preparer::repair_missing(Series& series) {
  const size_t channels = prepared_.channels.size(), targets = prepared_.targets.size();
  std::vector<uint8_t> left_out(static_cast<size_t>(series.rows), 0);
  if (config_.missing == MissingPolicy::interpolate)
    missing_.add(series.file, interpolate_missing(series.values, series.rows, channels));
  int64_t dropped = 0;
  for (int64_t row = 0; row < series.rows; ++row) {
    const bool target_missing = targets > 0 && row_has_nan(series.targets, row, targets);
    if (!target_missing && !row_has_nan(series.values, row, channels)) continue;
    if (config_.missing == MissingPolicy::error) {
      size_t c = 0;
      while (c < channels && !std::isnan(series.values[static_cast<size_t>(row) * channels + c])) ++c;
      return input_error(
          fmt::format("{}:{}: column '{}': the value is missing or not finite; expected a number. Correct it, or say "
                      "in mote.toml missing = \"drop\" (leave such rows out){}",
                      series.file, series.line(row), c < channels ? prepared_.channels[c] : "label",
                      config_.table() ? "" : " or \"interpolate\" (between neighbours)"));
    }
    left_out[static_cast<size_t>(row)] = 1;
    ++dropped;
  }
  if (dropped == series.rows) return input_error(series.file + ": every row has a missing value");
  missing_.add(series.file, dropped);
  return left_out;
}

Result<std::vector<Range>> Preparer::usable_ranges(Series& series, const Timing& timing) {
  MOTE_TRY(const std::vector<uint8_t> left_out, repair_missing(series));
  std::set<int64_t> cuts(timing.reversals.begin(), timing.reversals.end());
  reversals_.add(series.file, std::count_if(timing.reversals.begin(), timing.reversals.end(),
                                            [&](int64_t row) { return !series.begins(row); }));
  if (!timing.gaps.empty() && config_.gaps == GapPolicy::error) {
    const size_t row = static_cast<size_t>(timing.gaps[0]);
    return input_error(
        fmt::format("{}:{}: {:.3f} s without readings before this line, expected one every {:.4f} s. Record again, or "
                    "say gaps = \"split\" (no window spans a gap) or \"fill\" (linear) in mote.toml",
                    series.file, series.lines[row], series.seconds[row] - series.seconds[row - 1], timing.period));
  }
  gaps_.add(series.file, static_cast<int64_t>(timing.gaps.size()));
  if (config_.gaps == GapPolicy::split) cuts.insert(timing.gaps.begin(), timing.gaps.end());
  for (int64_t row = 1; row < series.rows; ++row)
    if (series.begins(row)) cuts.insert(row);
  std::vector<Range> ranges;
  int64_t begin = -1;
  for (int64_t row = 0; row <= series.rows; ++row) {
    const bool out = row == series.rows || left_out[static_cast<size_t>(row)];
    if (begin >= 0 && (out || cuts.contains(row))) ranges.push_back({begin, row}), begin = -1;
    if (!out && begin < 0) begin = row;
  }
  return ranges;
}

Piece Preparer::make_piece(const Series& series, const Timing& timing, Range range) {
  const size_t channels = prepared_.channels.size(), targets = prepared_.targets.size();
  const size_t begin = static_cast<size_t>(range.begin), rows = static_cast<size_t>(range.end - range.begin);
  Piece piece;
  piece.file = series.file;
  piece.first_line = series.line(range.begin);
  piece.start = series.seconds.empty() ? static_cast<double>(range.begin) / std::max(prepared_.rate, 1e-9)
                                       : series.seconds[begin];
  piece.label = label_index(series.labels[static_cast<size_t>(series.label(range.begin))]);
  piece.group = group_index(series.groups[static_cast<size_t>(series.group(range.begin))]);
  const std::span<const float> values(&series.values[begin * channels], rows * channels);
  const bool holes = config_.gaps == GapPolicy::fill && !timing.gaps.empty();
  const bool other_rate = timing.rate > 0 && std::abs(timing.rate / prepared_.rate - 1) > kSameRate;
  if (rows > 1 && !series.seconds.empty() && (holes || other_rate)) {
    Resampled even = resample({&series.seconds[begin], rows}, values, static_cast<int32_t>(channels), prepared_.rate);
    piece.readings = even.readings;
    piece.values = std::move(even.values);
    for (const int64_t row : even.nearest)
      for (size_t t = 0; t < targets; ++t)
        piece.targets.push_back(series.targets[(begin + static_cast<size_t>(row)) * targets + t]);
    if (other_rate) resampled_.add(series.file, 1);
    return piece;
  }
  piece.readings = static_cast<int64_t>(rows);
  piece.values.assign(values.begin(), values.end());
  if (targets > 0)
    piece.targets.assign(&series.targets[begin * targets], &series.targets[begin * targets] + rows * targets);
  return piece;
}

void pad(Piece& piece, int64_t window, size_t channels, size_t targets) {
  piece.padded = window - piece.readings;
  for (int64_t i = 0; i < piece.padded; ++i) {
    for (size_t c = 0; c < channels; ++c) piece.values.push_back(piece.values[piece.values.size() - channels]);
    for (size_t t = 0; t < targets; ++t) piece.targets.push_back(piece.targets[piece.targets.size() - targets]);
  }
  piece.readings = window;
}

Result<void> Preparer::add(Series& series, const Timing& timing) {
  MOTE_TRY(const std::vector<Range> ranges, usable_ranges(series, timing));
  std::vector<Piece> pieces;
  int64_t longest = 0;
  for (const Range range : ranges) {
    pieces.push_back(make_piece(series, timing, range));
    longest = std::max(longest, pieces.back().readings);
  }
  if (longest < prepared_.window) short_files_.add(fmt::format("{} ({} readings)", series.file, longest), 1);
  for (Piece& piece : pieces) {
    if (piece.readings < prepared_.window) {
      if (config_.short_recordings != ShortPolicy::pad) {
        if (longest >= prepared_.window) short_pieces_.add(series.file, 1);
        continue;
      }
      pad(piece, prepared_.window, prepared_.channels.size(), prepared_.targets.size());
      padded_.add(series.file, 1);
    }
    prepared_.pieces.push_back(std::move(piece));
  }
  return {};
}

Result<void> Preparer::finish() {
  if (!short_files_.files.empty() && config_.short_recordings == ShortPolicy::error) {
    const std::string size =
        prepared_.rate > 0 ? fmt::format("{} readings, {:.3g} s", prepared_.window, prepared_.window / prepared_.rate)
                           : fmt::format("{} readings", prepared_.window);
    return input_error(fmt::format(
        "{} recording{} shorter than the window ({}): {}. Take a shorter window, or say in mote.toml short = "
        "\"skip\" (leave them out) or \"pad\" (repeat the last reading)",
        short_files_.items, short_files_.items == 1 ? " is" : "s are", size, listed(short_files_.files, 4)));
  }
  if (config_.missing == MissingPolicy::drop)
    describe(missing_, "row", "with a missing value left out");
  else
    describe(missing_, "missing value", "interpolated");
  describe(gaps_, "gap", config_.gaps == GapPolicy::fill ? "filled by interpolation" : "that no window spans,");
  describe(reversals_, "jump", "backwards of the clock that no window spans,");
  describe(resampled_, "piece", fmt::format("resampled to {:g} Hz", prepared_.rate));
  if (config_.short_recordings == ShortPolicy::skip)
    describe(short_files_, "recording", "shorter than the window left out");
  describe(short_pieces_, "piece", "shorter than the window (between gaps or changes of label) left out");
  describe(padded_, "short piece", "padded with the last reading");
  if (prepared_.pieces.empty())
    return input_error("no recording is long enough for one window of " + std::to_string(prepared_.window) +
                       " readings");
  return {};
}

Result<void> Preparer::add_table(Series& series) {
  MOTE_TRY(const std::vector<uint8_t> left_out, repair_missing(series));
  const size_t channels = prepared_.channels.size(), targets = prepared_.targets.size();
  Piece piece;
  piece.file = series.file;
  piece.first_line = series.lines.front();
  for (size_t row = 0; row < static_cast<size_t>(series.rows); ++row) {
    if (left_out[row]) continue;
    const float* values = &series.values[row * channels];
    piece.values.insert(piece.values.end(), values, values + channels);
    if (targets > 0)
      piece.targets.insert(piece.targets.end(), &series.targets[row * targets],
                           &series.targets[row * targets] + targets);
    if (!series.seconds.empty()) piece.row_seconds.push_back(series.seconds[row]);
    piece.row_labels.push_back(
        label_index(series.labels[static_cast<size_t>(series.label(static_cast<int64_t>(row)))]));
    piece.row_groups.push_back(
        group_index(series.groups[static_cast<size_t>(series.group(static_cast<int64_t>(row)))]));
    ++piece.readings;
  }
  if (!piece.row_seconds.empty()) piece.start = piece.row_seconds.front();
  prepared_.pieces.push_back(std::move(piece));
  return {};
}

void sort_names(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  double a = 0, b = 0;
  if (std::all_of(names.begin(), names.end(), [&](const std::string& name) { return parse_number(name, a); }))
    std::sort(names.begin(), names.end(), [&](const std::string& x, const std::string& y) {
      return parse_number(x, a) && parse_number(y, b) && a < b;
    });
}

// A rate that people would write: four significant digits.
double rounded_rate(double rate) {
  const double unit = std::pow(10.0, std::floor(std::log10(rate)) - 3);
  return std::round(rate / unit) * unit;
}

// Which labels are normal. Without a rule for labels everything is.
Result<void> mark_normal(const DataConfig& config, Prepared& prepared) {
  if (config.task != DataTask::anomaly) return {};
  const std::vector<std::string>& labels = prepared.labels;
  prepared.normal.assign(labels.size(), config.label.empty());
  if (config.label.empty()) return {};
  for (const std::string& name : config.normal) {
    const auto found = std::find(labels.begin(), labels.end(), name);
    if (found == labels.end())
      return input_error(fmt::format("mote.toml: data.normal = \"{}\": no recording has this label; labels: {}{}", name,
                                     listed(labels, 20), did_you_mean(name, labels)));
    prepared.normal[static_cast<size_t>(found - labels.begin())] = 1;
  }
  return {};
}

}  // namespace

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
    if (timings[i].rate > 0) rates.emplace_back(timings[i].rate, i);
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
  if (middle > wanted * kWrongUnit || middle < wanted / kWrongUnit)
    return input_error(
        fmt::format("{}: the time stamps give {:.4g} Hz, mote.toml says {:g} Hz. Correct rate, or say the unit of the "
                    "stamps: time_unit = \"s\", \"ms\", \"us\" or \"ns\"",
                    series[typical].file, middle, wanted));
  return wanted;
}

Result<Prepared> prepare(const DataConfig& config, const std::filesystem::path& project_folder,
                         const Progress& progress) {
  MOTE_TRY(SeriesReader reader, SeriesReader::create(config, project_folder));
  Prepared prepared;
  std::vector<Series> series;
  std::vector<Timing> timings;
  const int64_t total = static_cast<int64_t>(reader.files().size());
  for (const std::string& file : reader.files()) {
    MOTE_TRY(Series one, reader.read(file));
    prepared.labels.insert(prepared.labels.end(), one.labels.begin(), one.labels.end());
    timings.push_back(config.table() ? Timing{} : measure_timing(one));
    series.push_back(std::move(one));
    if (progress) progress({"read", static_cast<int64_t>(series.size()), total, file});
  }
  sort_names(prepared.labels);
  MOTE_CHECK(mark_normal(config, prepared));
  prepared.channels = reader.channels();
  if (const size_t changes = reader.cleaning().changes(); changes > 0)
    prepared.notes.push_back(fmt::format("{} change{} of {} made", changes, changes == 1 ? "" : "s", Cleaning::kFile));
  if (config.channels.empty())
    prepared.notes.push_back("learns from the columns " + listed(prepared.channels) +
                             " (mote.toml does not say which)");
  prepared.units = reader.units();
  prepared.targets = reader.targets();
  Preparer preparer(config, prepared);
  if (!config.table()) {
    MOTE_TRY(prepared.rate, common_rate(config, series, timings));
    MOTE_TRY(prepared.window, in_readings("window", *config.window, prepared.rate));
    MOTE_TRY(prepared.stride, in_readings("stride", config.stride.value_or(*config.window), prepared.rate));
  }
  for (size_t i = 0; i < series.size(); ++i) {
    MOTE_CHECK(config.table() ? preparer.add_table(series[i]) : preparer.add(series[i], timings[i]));
    series[i] = Series{};  // frees the readings
  }
  MOTE_CHECK(preparer.finish());
  return prepared;
}

}  // namespace mote
