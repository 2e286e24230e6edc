#include "toolchain/data/prepare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "toolchain/data/baseline.h"
#include "toolchain/data/file_list.h"
#include "toolchain/data/rate.h"
#include "toolchain/data/resample.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr double kSameRate = 0.02;   // a recording this near to the rate is taken as it is
constexpr double kSamePitch = 1e-9;  // the same of audio, whose rate is exact

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

void sort_names(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  double a = 0, b = 0;
  if (std::all_of(names.begin(), names.end(), [&](const std::string& name) { return parse_number(name, a); }))
    std::sort(names.begin(), names.end(), [&](const std::string& x, const std::string& y) {
      return parse_number(x, a) && parse_number(y, b) && a < b;
    });
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

// Whether a row comes one reading after the row above it.
bool follows(const Series& series, const Timing& timing, int64_t row) {
  return !series.each_alone && series.window_rows == 0 && !series.cut_before(row) &&
         !std::binary_search(timing.gaps.begin(), timing.gaps.end(), row);
}

class Preparer {
 public:
  Preparer(const DataConfig& config, Prepared& prepared)
      : config_(config), prepared_(prepared), baselines_(config, prepared) {}

  // Once, when the first file was read.
  Result<void> begin(const SeriesReader& reader);
  Result<void> set_rate(double rate);
  void add_labels(const Series& series);
  void add_warnings(const Series& series);
  Result<void> add(Series& series, const Timing& timing);
  Result<void> add_table(Series& series);
  Result<void> finish();

 private:
  Result<std::vector<Piece>> make_pieces(Series& series, const Timing& timing);
  Result<std::vector<uint8_t>> repair_missing(Series& series);
  Piece make_piece(Series& series, const Timing& timing, const Stretch& range);
  int32_t group_index(const std::string& name);
  int32_t label_index(const std::string& name) const { return labels_.at(name); }
  void sort_labels();
  Result<void> check_classes();
  void describe(const Tally& tally, const char* noun, const std::string& what) {
    if (!tally.files.empty())
      prepared_.notes.push_back(
          fmt::format("{} {}{} {} {}", tally.items, noun, tally.items == 1 ? "" : "s", what, tally.where()));
  }

  const DataConfig& config_;
  Prepared& prepared_;
  BaselineTaker baselines_;
  std::map<std::string, int32_t> groups_, labels_;  // index in prepared_
  std::set<std::string> not_learned_;
  Tally missing_, gaps_, reversals_, resampled_, short_files_, short_pieces_, padded_, silenced_;
  std::map<std::string, std::pair<std::string, int64_t>> warnings_;  // without its file: the first one, how many
  std::map<double, Tally> resampled_from_;                           // by the rate that files state
};

int32_t Preparer::group_index(const std::string& name) {
  const auto [entry, added] = groups_.emplace(name, static_cast<int32_t>(prepared_.groups.size()));
  if (added) prepared_.groups.push_back(name);
  return entry->second;
}

void Preparer::add_labels(const Series& series) {
  for (const std::string& label : series.labels)
    if (labels_.emplace(label, static_cast<int32_t>(labels_.size())).second) prepared_.labels.push_back(label);
  not_learned_.insert(series.not_learned.begin(), series.not_learned.end());
}

// That each of them is there; says what became of the others.
Result<void> Preparer::check_classes() {
  const std::vector<std::string> others(not_learned_.begin(), not_learned_.end());
  for (const std::string& name : config_.classes)
    if (!labels_.contains(name))
      return input_error(
          fmt::format("mote.toml: classes: no recording has the label '{}'; {}", name,
                      others.empty() ? "there are no others than those named" : "not named are " + listed(others, 12)));
  if (!others.empty())
    prepared_.notes.push_back(fmt::format("{} labels that classes does not name {}: {}", others.size(),
                                          config_.other.empty() ? "left out" : "count as " + config_.other,
                                          listed(others, 6)));
  return {};
}

void Preparer::add_warnings(const Series& series) {
  for (const std::string& warning : series.warnings) {
    const std::string what = warning.substr(std::min(warning.size(), series.file.size()));
    if (++warnings_[what].second == 1) warnings_[what].first = warning;
  }
}

// 1 for rows that must be left out; empty = none.
Result<std::vector<uint8_t>> Preparer::repair_missing(Series& series) {
  const size_t channels = prepared_.channels.size(), targets = prepared_.targets.size();
  std::vector<uint8_t> left_out;
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
          fmt::format("{}: column '{}': the value is missing or not finite; expected a number. Correct it, or say "
                      "in mote.toml missing = \"drop\" (leave such rows out){}",
                      series.place(row), c < channels ? prepared_.channels[c] : "label",
                      config_.table() ? "" : " or \"interpolate\" (between neighbours)"));
    }
    left_out.resize(static_cast<size_t>(series.rows), 0);
    left_out[static_cast<size_t>(row)] = 1;
    ++dropped;
  }
  if (dropped == series.rows && dropped > 0) return input_error(series.file + ": every row has a missing value");
  missing_.add(series.file, dropped);
  return left_out;
}

Result<std::vector<Piece>> Preparer::make_pieces(Series& series, const Timing& timing) {
  MOTE_TRY(const std::vector<uint8_t> left_out, repair_missing(series));
  std::set<int64_t> cuts(timing.reversals.begin(), timing.reversals.end());
  reversals_.add(series.file, std::count_if(timing.reversals.begin(), timing.reversals.end(),
                                            [&](int64_t row) { return !series.begins(row); }));
  if (!timing.gaps.empty() && config_.gaps == GapPolicy::error) {
    const size_t row = static_cast<size_t>(timing.gaps[0]);
    return input_error(
        fmt::format("{}: {:.3f} s without readings before this line, expected one every {:.4f} s. Record again, or "
                    "say gaps = \"split\" (no window spans a gap) or \"fill\" (linear) in mote.toml",
                    series.place(timing.gaps[0]), series.seconds[row] - series.seconds[row - 1], timing.period));
  }
  gaps_.add(series.file, static_cast<int64_t>(timing.gaps.size()));
  if (config_.gaps == GapPolicy::split) cuts.insert(timing.gaps.begin(), timing.gaps.end());
  std::vector<Piece> pieces;
  int64_t last_end = -1;
  auto cut = cuts.begin();
  for (const Stretch& stretch : series.stretches) {
    int64_t begin = -1;
    for (int64_t row = stretch.begin; row <= stretch.end; ++row) {
      while (cut != cuts.end() && *cut < row) ++cut;
      const bool out = row == stretch.end || (!left_out.empty() && left_out[static_cast<size_t>(row)]);
      const bool cut_here = cut != cuts.end() && *cut == row;
      if (begin >= 0 && (out || cut_here)) {
        pieces.push_back(make_piece(series, timing, {begin, row, stretch.label, stretch.group}));
        pieces.back().session = static_cast<int32_t>(
            std::upper_bound(timing.reversals.begin(), timing.reversals.end(), begin) - timing.reversals.begin());
        pieces.back().goes_on = begin == last_end && follows(series, timing, begin);
        last_end = cut_here ? -1 : row;
        begin = -1;
      }
      if (!out && begin < 0) begin = row;
    }
  }
  return pieces;
}

Piece Preparer::make_piece(Series& series, const Timing& timing, const Stretch& range) {
  const size_t channels = prepared_.channels.size(), targets = prepared_.targets.size();
  const size_t begin = static_cast<size_t>(range.begin), rows = static_cast<size_t>(range.end - range.begin);
  Piece piece;
  piece.file = series.file;
  piece.first_line = series.line(range.begin);
  piece.first_reading = series.reading(range.begin);
  const double rate = series.rate > 0 ? series.rate : prepared_.rate;
  if (!series.seconds.empty())
    piece.start = series.seconds[begin];
  else if (rate > 0)
    piece.start = static_cast<double>(series.reading(range.begin)) / rate;
  piece.label = label_index(series.labels[static_cast<size_t>(range.label)]);
  piece.group = group_index(series.groups[static_cast<size_t>(range.group)]);
  const std::span<const float> values(series.values.data() + begin * channels, rows * channels);
  const bool holes = config_.gaps == GapPolicy::fill && !timing.gaps.empty();
  const double near = series.audio ? kSamePitch : kSameRate;
  const bool stated = series.rate > 0 && prepared_.rate > 0 && std::abs(series.rate / prepared_.rate - 1) > near;
  const bool other_rate = timing.rate > 0 && std::abs(timing.rate / prepared_.rate - 1) > kSameRate;
  if (rows > 1 && (stated || (!series.seconds.empty() && (holes || other_rate)))) {
    Resampled even =
        stated ? resample_even(values, static_cast<int32_t>(channels), series.rate, prepared_.rate)
               : resample({&series.seconds[begin], rows}, values, static_cast<int32_t>(channels), prepared_.rate);
    piece.readings = even.readings;
    piece.values = std::move(even.values);
    for (size_t i = 0; targets > 0 && i < even.nearest.size(); ++i)
      for (size_t t = 0; t < targets; ++t)
        piece.targets.push_back(series.targets[(begin + static_cast<size_t>(even.nearest[i])) * targets + t]);
    if (stated)
      resampled_from_[series.rate].add(series.file, 1);
    else if (other_rate)
      resampled_.add(series.file, 1);
    return piece;
  }
  piece.readings = static_cast<int64_t>(rows);
  if (range.end - range.begin == series.rows)
    piece.values = std::move(series.values);  // long recordings are not held twice
  else
    piece.values.assign(values.begin(), values.end());
  if (targets > 0)
    piece.targets.assign(&series.targets[begin * targets], &series.targets[begin * targets] + rows * targets);
  return piece;
}

void pad(Piece& piece, int64_t window, size_t channels, size_t targets, bool zeros) {
  piece.padded = window - piece.readings;
  for (int64_t i = 0; i < piece.padded; ++i) {
    for (size_t c = 0; c < channels; ++c)
      piece.values.push_back(zeros ? 0 : piece.values[piece.values.size() - channels]);
    for (size_t t = 0; t < targets; ++t) piece.targets.push_back(piece.targets[piece.targets.size() - targets]);
  }
  piece.readings = window;
}

Result<void> Preparer::add(Series& series, const Timing& timing) {
  if (series.stretches.empty()) return {};  // nothing of it is learned
  MOTE_TRY(std::vector<Piece> pieces, make_pieces(series, timing));
  MOTE_CHECK(baselines_.take(series, pieces));
  if (pieces.empty()) return {};
  int64_t longest = 0;
  for (const Piece& piece : pieces) longest = std::max(longest, piece.readings);
  if (longest < prepared_.window) short_files_.add(fmt::format("{} ({} readings)", series.file, longest), 1);
  bool whole = true;  // the piece before is there to its end
  for (Piece& piece : pieces) {
    piece.goes_on = piece.goes_on && whole;
    whole = piece.readings >= prepared_.window;
    if (!whole) {
      if (config_.short_recordings != ShortPolicy::pad) {
        if (longest >= prepared_.window) short_pieces_.add(series.file, 1);
        continue;
      }
      pad(piece, prepared_.window, prepared_.channels.size(), prepared_.targets.size(), series.audio);
      (series.audio ? silenced_ : padded_).add(series.file, 1);
    }
    prepared_.pieces.push_back(std::move(piece));
  }
  return {};
}

// Pieces were labelled in the order in which labels came up.
void Preparer::sort_labels() {
  std::vector<std::string> sorted = prepared_.labels;
  sort_names(sorted);
  std::vector<int32_t> place;
  for (const std::string& label : prepared_.labels)
    place.push_back(static_cast<int32_t>(std::find(sorted.begin(), sorted.end(), label) - sorted.begin()));
  for (Piece& piece : prepared_.pieces) {
    piece.label = place[static_cast<size_t>(piece.label)];
    for (int32_t& label : piece.row_labels) label = place[static_cast<size_t>(label)];
  }
  prepared_.labels = std::move(sorted);
}

Result<void> Preparer::begin(const SeriesReader& reader) {
  prepared_.channels = reader.channels();
  prepared_.units = reader.units();
  prepared_.targets = reader.targets();
  prepared_.full_scale = reader.agreed().full_scale;
  if (config_.channels.empty() && !config_.image)
    prepared_.notes.push_back("learns from the columns " + listed(prepared_.channels) +
                              " (mote.toml does not say which)");
  prepared_.notes.insert(prepared_.notes.end(), reader.notes().begin(), reader.notes().end());
  if (const size_t changes = reader.cleaning().changes(); changes > 0)
    prepared_.notes.push_back(fmt::format("{} change{} of {} made", changes, changes == 1 ? "" : "s", Cleaning::kFile));
  if (config_.image) {
    prepared_.height = config_.image->height;
    prepared_.window = prepared_.stride = config_.image->width * config_.image->height;
  }
  return config_.rate ? set_rate(*config_.rate) : Result<void>();
}

Result<void> Preparer::set_rate(double rate) {
  prepared_.rate = rate;
  MOTE_TRY(prepared_.window, in_readings("window", *config_.window, rate));
  MOTE_TRY(prepared_.stride, in_readings("stride", config_.stride.value_or(*config_.window), rate));
  if (config_.baseline) {
    MOTE_TRY(prepared_.baseline, baseline_readings(*config_.baseline, rate));
  }
  return {};
}

Result<void> Preparer::finish() {
  MOTE_CHECK(check_classes());
  sort_labels();
  MOTE_CHECK(mark_normal(config_, prepared_));
  MOTE_CHECK(baselines_.finish());
  if (!short_files_.files.empty() && config_.short_recordings == ShortPolicy::error) {
    const std::string size =
        prepared_.rate > 0 ? fmt::format("{} readings, {:.3g} s", prepared_.window, prepared_.window / prepared_.rate)
                           : fmt::format("{} readings", prepared_.window);
    return input_error(fmt::format(
        "{} recording{} shorter than the window ({}{}): {}. Take a shorter window, or say in mote.toml short = "
        "\"skip\" (leave them out) or \"pad\" (repeat the last reading)",
        short_files_.items, short_files_.items == 1 ? " is" : "s are", size,
        prepared_.baseline > 0 ? " after the baseline" : "", listed(short_files_.files, 4)));
  }
  for (const auto& [what, first] : warnings_)
    prepared_.notes.push_back(first.first +
                              (first.second > 1 ? fmt::format(" (and {} more such files)", first.second - 1) : ""));
  if (config_.missing == MissingPolicy::drop)
    describe(missing_, "row", "with a missing value left out");
  else
    describe(missing_, "missing value", "interpolated");
  describe(gaps_, "gap", config_.gaps == GapPolicy::fill ? "filled by interpolation" : "that no window spans,");
  describe(reversals_, "jump", "backwards of the clock that no window spans,");
  describe(resampled_, "piece", fmt::format("resampled to {:g} Hz", prepared_.rate));
  for (const auto& [rate, tally] : resampled_from_)
    describe(tally, "piece", fmt::format("resampled from {:.5g} Hz to {:g} Hz", rate, prepared_.rate));
  if (config_.short_recordings == ShortPolicy::skip)
    describe(short_files_, "recording", "shorter than the window left out");
  describe(short_pieces_, "piece", "shorter than the window (between gaps or changes of label) left out");
  describe(padded_, "short piece", "padded with the last reading");
  describe(silenced_, "short piece", "padded with silence");
  if (prepared_.pieces.empty())
    return input_error("no recording is long enough for one window of " + std::to_string(prepared_.window) +
                       " readings");
  return {};
}

Result<void> Preparer::add_table(Series& series) {
  if (series.stretches.empty()) return {};
  MOTE_TRY(const std::vector<uint8_t> left_out, repair_missing(series));
  const size_t channels = prepared_.channels.size(), targets = prepared_.targets.size();
  Piece piece;
  piece.file = series.file;
  piece.first_line = series.line(0);
  piece.first_reading = series.reading(0);
  for (const Stretch& stretch : series.stretches) {
    const int32_t label = label_index(series.labels[static_cast<size_t>(stretch.label)]);
    const int32_t group = group_index(series.groups[static_cast<size_t>(stretch.group)]);
    for (auto row = static_cast<size_t>(stretch.begin); row < static_cast<size_t>(stretch.end); ++row) {
      if (!left_out.empty() && left_out[row]) continue;
      const float* values = &series.values[row * channels];
      piece.values.insert(piece.values.end(), values, values + channels);
      if (targets > 0)
        piece.targets.insert(piece.targets.end(), &series.targets[row * targets],
                             &series.targets[row * targets] + targets);
      if (!series.seconds.empty()) piece.row_seconds.push_back(series.seconds[row]);
      piece.row_labels.push_back(label);
      piece.row_groups.push_back(group);
      ++piece.readings;
    }
  }
  if (!piece.row_seconds.empty()) piece.start = piece.row_seconds.front();
  prepared_.pieces.push_back(std::move(piece));
  return {};
}

}  // namespace

Result<Prepared> prepare(const DataConfig& config, const std::filesystem::path& project_folder,
                         const Progress& progress) {
  MOTE_TRY(SeriesReader reader, SeriesReader::create(config, project_folder));
  Prepared prepared;
  prepared.project_folder = project_folder;
  for (const HeldOut* part : {&config.split.validation, &config.split.test})
    for (const std::string& name : part->names)
      if (const std::string list = file_list_of(name); !list.empty()) {
        MOTE_TRY(prepared.file_lists[list], read_file_list(list, project_folder));
      }
  Preparer preparer(config, prepared);
  // With a stated rate, pieces are made file by file: no more than one file is held as it was read. Else the rate
  // follows from all files.
  const bool at_once = !config.timed() || config.rate;
  std::vector<Series> series;
  std::vector<Timing> timings;
  const auto make = [&](Series& one, const Timing& timing) {
    return config.table() ? preparer.add_table(one) : preparer.add(one, timing);
  };
  const int64_t total = static_cast<int64_t>(reader.files().size());
  for (const std::string& file : reader.files()) {
    MOTE_TRY(Series one, reader.read(file));
    timings.push_back(config.timed() && !one.stretches.empty() ? measure_timing(one) : Timing{});
    if (series.empty()) MOTE_CHECK(preparer.begin(reader));
    preparer.add_labels(one);
    preparer.add_warnings(one);
    if (at_once) {
      if (config.timed()) MOTE_CHECK(check_time_unit(file, timings.back(), *config.rate));
      MOTE_CHECK(make(one, timings.back()));
      one = Series{};
      one.file = file;
    }
    series.push_back(std::move(one));
    if (progress) progress({"read", static_cast<int64_t>(series.size()), total, file});
  }
  if (config.timed()) {
    MOTE_TRY(const double rate, common_rate(config, series, timings));
    if (!at_once) MOTE_CHECK(preparer.set_rate(rate));
  }
  for (size_t i = 0; i < series.size() && !at_once; ++i) {
    MOTE_CHECK(make(series[i], timings[i]));
    series[i] = Series{};  // frees the readings
  }
  MOTE_CHECK(preparer.finish());
  return prepared;
}

}  // namespace mote
