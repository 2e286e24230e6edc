#include "toolchain/data/series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <span>
#include <unordered_map>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/text.h"
#include "toolchain/data/time_stamp.h"

namespace mote {
namespace {

constexpr int32_t kNone = -1;

// Names of time columns, best first; compared without case, unit and separators.
constexpr const char* kTimeNames[] = {
    "timestamp", "datetime",    "time",         "date",         "millis",     "micros", "epoch",
    "unixtime",  "timestampms", "timestampus",  "timestampns",  "timestamps", "timems", "timeus",
    "times",     "seconds",     "milliseconds", "microseconds", "t"};

std::string bare(const std::string& header) {
  std::string name;
  for (const char c : lower_case(split_unit(header).name))
    if (c != '_' && c != ' ' && c != '-') name += c;
  return name;
}

double unit_seconds(const std::string& unit) {
  return unit == "s" ? 1 : unit == "ms" ? 1e-3 : unit == "us" ? 1e-6 : unit == "ns" ? 1e-9 : 0;
}

// The unit that a header states: "time [ms]", "timestamp_us", "millis".
double header_unit(const std::string& header) {
  const std::string name = bare(header), unit = lower_case(split_unit(header).unit);
  if (unit == "s" || unit == "sec" || unit == "seconds" || name == "seconds") return 1;
  if (unit == "ms" || name == "millis" || name == "milliseconds" || name.ends_with("ms")) return 1e-3;
  if (unit == "us" || unit == "\xC2\xB5s" || name == "micros" || name == "microseconds" || name.ends_with("us"))
    return 1e-6;
  if (unit == "ns" || name.ends_with("ns")) return 1e-9;
  return 0;
}

double median_step(const std::vector<double>& stamps) {
  std::vector<double> steps;
  for (size_t i = 1; i < stamps.size(); ++i)
    if (stamps[i] > stamps[i - 1]) steps.push_back(stamps[i] - stamps[i - 1]);
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<int64_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return *middle;
}

Result<std::vector<std::string>> find_files(const DataConfig& config, const fs::path& folder) {
  std::set<std::string> found;
  for (const std::string& pattern : config.source) {
    MOTE_TRY(const std::vector<fs::path> paths, glob(folder, pattern));
    for (const fs::path& path : paths)
      if (fs::is_regular_file(path)) found.insert(path.lexically_relative(folder).generic_string());
  }
  if (found.empty())
    return input_error(
        fmt::format("mote.toml: source = \"{}\" matches no file in {}. Put recordings there, or correct the pattern",
                    listed(config.source), folder.string()));
  for (const HeldOut* part : {&config.split.validation, &config.split.test})
    for (const std::string& name : part->names) {
      if (name.find_first_of("/*?.") == std::string::npos) continue;  // the name of a group
      MOTE_TRY(const std::vector<fs::path> paths, glob(folder, name));
      for (const fs::path& path : paths)
        if (fs::is_regular_file(path)) found.insert(path.lexically_relative(folder).generic_string());
    }
  if (config.label.size() == 1 && config.label[0].starts_with("file:")) found.erase(config.label[0].substr(5));
  std::vector<std::string> files(found.begin(), found.end());
  std::sort(files.begin(), files.end(), [](const std::string& a, const std::string& b) { return natural_less(a, b); });
  return files;
}

}  // namespace

struct SeriesReader::Columns {
  int32_t time = kNone, label = kNone, group = kNone;
  bool time_is_date = false;
  std::vector<int32_t> channels, targets;
};

Result<SeriesReader> SeriesReader::create(const DataConfig& config, const fs::path& project_folder) {
  MOTE_CHECK(validate(config));
  SeriesReader reader;
  reader.config_ = config;
  reader.folder_ = project_folder;
  for (const std::string& text : config.label) {
    MOTE_TRY(Rule rule, Rule::parse("label", text));
    MOTE_CHECK(rule.load(project_folder));
    if (config.task == DataTask::regression)
      reader.targets_.push_back(rule.kind() == Rule::Kind::column ? rule.argument() : "target");
    reader.label_rules_.push_back(std::move(rule));
  }
  const std::string& by = config.split.by;
  MOTE_TRY(reader.group_rule_, Rule::parse("split.by", by == "time" || by == "random" || by == "auto" ? "file" : by));
  MOTE_TRY(reader.files_, find_files(config, project_folder));
  MOTE_TRY(reader.cleaning_, Cleaning::load(project_folder));
  std::erase_if(reader.files_, [&](const std::string& file) { return reader.cleaning_.leaves_out(file); });
  if (reader.files_.empty())
    return input_error(fmt::format(
        "{} leaves every recording out. Take the last step back with `mote data clean --undo`", Cleaning::kFile));
  return reader;
}

Result<int32_t> SeriesReader::find_column(const CsvFile& csv, const std::string& name, const std::string& key) const {
  const std::vector<std::string>& header = csv.header();
  int32_t found = kNone;
  for (const bool with_unit : {true, false}) {
    for (size_t i = 0; i < header.size(); ++i) {
      if ((with_unit ? header[i] : split_unit(header[i]).name) != name) continue;
      if (found != kNone)
        return input_error(fmt::format("{}:1: the header has the column '{}' twice (columns {} and {}); rename one",
                                       csv.name(), name, found + 1, i + 1));
      found = static_cast<int32_t>(i);
    }
    if (found != kNone) return found;
  }
  return input_error(fmt::format("{}:1: no column '{}' ({} in mote.toml); the file has {}{}", csv.name(), name, key,
                                 listed(header, 20), did_you_mean(name, header)));
}

int32_t SeriesReader::find_time(const CsvFile& csv) const {
  for (const char* name : kTimeNames)
    for (size_t i = 0; i < csv.header().size(); ++i)
      if (bare(csv.header()[i]) == name && !(config_.table() && std::string_view(name) == "t") &&  // a temperature
          std::find(config_.channels.begin(), config_.channels.end(), csv.header()[i]) == config_.channels.end())
        return static_cast<int32_t>(i);
  return kNone;
}

// Every column of numbers that is neither time, label nor group.
Result<std::vector<std::string>> SeriesReader::columns_left(const CsvFile& csv, const Columns& columns) const {
  std::vector<std::string> names;
  std::string text;  // the first column of text, and what it holds
  for (size_t i = 0; i < csv.header().size(); ++i) {
    const int32_t index = static_cast<int32_t>(i);
    const bool used = index == columns.time || index == columns.label || index == columns.group ||
                      std::find(columns.targets.begin(), columns.targets.end(), index) != columns.targets.end();
    const std::string& header = csv.header()[i];
    const std::string name = bare(header);
    if (used || header.empty() || name == "date" || name == "datetime" || name == "timestamp") continue;
    if (csv.holds_numbers(index))
      names.push_back(header);
    else if (text.empty())
      text = fmt::format("column {} '{}': found '{}'", i + 1, header, csv.sample(index));
  }
  if (names.empty())
    return input_error(
        fmt::format("{}:1: no column of numbers is left to learn from; the header has {}. If the header stands further "
                    "down, delete the lines above it",
                    csv.name(), listed(csv.header())));
  if (text.empty()) return names;
  return input_error(fmt::format(
      "{}:{}: {}, expected a number. Correct the cell, or say in mote.toml which columns to learn from, such as "
      "channels = [\"{}\"]",
      csv.name(), csv.line(0), text, fmt::join(std::span(names).first(std::min<size_t>(names.size(), 6)), "\", \"")));
}

Result<void> SeriesReader::choose_channels(const CsvFile& csv, Columns& columns) {
  std::vector<std::string> names = config_.channels.empty() ? channels_ : config_.channels;
  if (names.empty()) {
    MOTE_TRY(names, columns_left(csv, columns));
  }
  for (const std::string& name : names) {
    MOTE_TRY(const int32_t index, find_column(csv, name, "channels"));
    if (std::find(columns.targets.begin(), columns.targets.end(), index) != columns.targets.end() ||
        index == columns.label)
      return input_error(
          fmt::format("mote.toml: '{}' is a channel and the label at once: the model would be told the answer", name));
    columns.channels.push_back(index);
  }
  if (!channels_.empty()) return {};
  for (size_t i = 0; i < names.size(); ++i) {
    const HeaderName header = split_unit(csv.header()[static_cast<size_t>(columns.channels[i])]);
    const auto stated = config_.units.find(header.name);
    channels_.push_back(config_.channels.empty() ? header.name : names[i]);
    units_.push_back(stated != config_.units.end() ? stated->second : header.unit);
  }
  return {};
}

Result<SeriesReader::Columns> SeriesReader::choose_columns(const CsvFile& csv) {
  Columns columns;
  for (const Rule& rule : label_rules_) {
    if (rule.kind() != Rule::Kind::column) continue;
    MOTE_TRY(const int32_t index, find_column(csv, rule.argument(), "label"));
    if (config_.task == DataTask::regression)
      columns.targets.push_back(index);
    else
      columns.label = index;
  }
  if (group_rule_.kind() == Rule::Kind::column) {
    MOTE_TRY(columns.group, find_column(csv, group_rule_.argument(), "split.by"));
  }
  if (config_.time && *config_.time != "none") {
    MOTE_TRY(columns.time, find_column(csv, *config_.time, "time"));
  } else if (!config_.time) {
    columns.time = find_time(csv);
  }
  if (columns.time != kNone) {
    double value;
    std::string sample(csv.sample(columns.time));
    std::replace(sample.begin(), sample.end(), ',', '.');
    columns.time_is_date = !parse_number(sample, value) && parse_date_time(csv.sample(columns.time)).has_value();
    if (!columns.time_is_date && !csv.holds_numbers(columns.time))
      return input_error(
          fmt::format("{}:{}: column {} '{}': found '{}', expected a number, or a date-time such as 2024-05-31 "
                      "14:06:17.250 or 31.05.2024 14:06. Write the times so, or say time = \"none\"{} in mote.toml",
                      csv.name(), csv.line(0), columns.time + 1, csv.header()[static_cast<size_t>(columns.time)],
                      csv.sample(columns.time), config_.table() ? "" : " and the rate"));
  }
  MOTE_CHECK(choose_channels(csv, columns));
  return columns;
}

Result<double> SeriesReader::time_factor(const CsvFile& csv, const CsvColumn& column) const {
  if (config_.time_unit != "auto") return unit_seconds(config_.time_unit);
  const std::string& header = csv.header()[static_cast<size_t>(column.index)];
  if (const double stated = header_unit(header); stated > 0) return stated;
  const double step = median_step(column.numbers);
  if (step <= 0 || config_.table()) return 1;
  const double units[] = {1, 1e-3, 1e-6, 1e-9};
  if (config_.rate) {  // the unit that comes nearest to the stated rate
    return *std::min_element(std::begin(units), std::end(units), [&](double a, double b) {
      return std::abs(std::log(a * step * *config_.rate)) < std::abs(std::log(b * step * *config_.rate));
    });
  }
  const double first = column.numbers.front();
  for (int power = 0; power < 4; ++power)  // times since 1970 tell their unit: 2001 to 2286
    if (first > 1e9 * std::pow(1000, power) && first < 1e10 * std::pow(1000, power)) return units[power];
  if (step < 0.5) return 1;
  return input_error(
      fmt::format("{}: cannot tell the unit of the time stamps in '{}' (steps of {:g}). Say rate = \"... Hz\" or "
                  "time_unit = \"ms\" in mote.toml",
                  csv.name(), header, step));
}

Result<void> SeriesReader::read_time(const CsvFile& csv, const CsvColumn& column, Series& series) {
  const std::string& header = csv.header()[static_cast<size_t>(column.index)];
  series.seconds.resize(static_cast<size_t>(series.rows));
  if (column.kind == CsvColumn::Kind::text) {
    for (size_t i = 0; i < series.seconds.size(); ++i) {
      const auto seconds = parse_date_time(column.texts[i]);
      if (!seconds)
        return input_error(
            fmt::format("{}:{}: column {} '{}': found '{}', expected a date-time such as 2024-05-31 14:06:17.250",
                        csv.name(), csv.line(static_cast<int64_t>(i)), column.index + 1, header, column.texts[i]));
      series.seconds[i] = *seconds;
    }
    return {};
  }
  for (size_t i = 0; i < series.seconds.size(); ++i)
    if (!std::isfinite(column.numbers[i]))
      return input_error(
          fmt::format("{}:{}: column {} '{}': the time stamp is missing. Delete the row, or say time = \"none\" "
                      "and the rate in mote.toml",
                      csv.name(), csv.line(static_cast<int64_t>(i)), column.index + 1, header));
  if (time_factor_ == 0) {
    MOTE_TRY(time_factor_, time_factor(csv, column));
  }
  for (size_t i = 0; i < series.seconds.size(); ++i) series.seconds[i] = column.numbers[i] * time_factor_;
  return {};
}

Result<void> SeriesReader::read_names(const CsvFile& csv, const Rule& rule, const CsvColumn* column,
                                      std::vector<std::string>& names, std::vector<int32_t>& of_row) const {
  if (column == nullptr) {
    MOTE_TRY(std::string name, rule.of_file(csv.name()));
    names = {std::move(name)};
    return {};
  }
  std::unordered_map<std::string_view, int32_t> known;
  for (size_t i = 0; i < column->texts.size(); ++i) {
    const std::string_view text = column->texts[i];
    if (text.empty())
      return input_error(fmt::format("{}:{}: column {} '{}' is empty; expected a name. Fill it or delete the row",
                                     csv.name(), csv.line(static_cast<int64_t>(i)), column->index + 1,
                                     rule.argument()));
    const auto [entry, added] = known.emplace(text, static_cast<int32_t>(names.size()));
    if (added) names.emplace_back(text);
    of_row.push_back(entry->second);
  }
  return {};
}

Result<void> SeriesReader::read_targets(const CsvFile& csv, const std::vector<CsvColumn>& columns,
                                        const Columns& chosen, Series& series) const {
  const size_t rows = static_cast<size_t>(series.rows), n = label_rules_.size();
  series.targets.resize(rows * n);
  size_t next_column = 0;
  for (size_t target = 0; target < n; ++target) {
    const Rule& rule = label_rules_[target];
    if (rule.kind() == Rule::Kind::column) {
      const int32_t index = chosen.targets[next_column++];
      const auto column =
          std::find_if(columns.begin(), columns.end(), [&](const CsvColumn& c) { return c.index == index; });
      for (size_t row = 0; row < rows; ++row)
        series.targets[row * n + target] = static_cast<float>(column->numbers[row]);
      continue;
    }
    MOTE_TRY(const std::string text, rule.of_file(csv.name()));
    double value;
    if (!parse_number(text, value))
      return input_error(fmt::format("{}: the label is '{}'; regression needs a number", csv.name(), text));
    for (size_t row = 0; row < rows; ++row) series.targets[row * n + target] = static_cast<float>(value);
  }
  return {};
}

Result<Series> SeriesReader::read(const std::string& file) {
  MOTE_TRY(std::string text, read_text(folder_ / file));
  MOTE_TRY(CsvFile csv, CsvFile::open(file, std::move(text)));
  MOTE_TRY(const Columns chosen, choose_columns(csv));
  std::vector<CsvColumn> columns;
  const auto request = [&](int32_t index, CsvColumn::Kind kind) {
    const auto same = std::find_if(columns.begin(), columns.end(),
                                   [&](const CsvColumn& c) { return c.index == index && c.kind == kind; });
    if (same != columns.end() || index == kNone) return;
    columns.push_back({index, kind, {}, {}});
  };
  for (const int32_t index : chosen.channels) request(index, CsvColumn::Kind::number);
  for (const int32_t index : chosen.targets) request(index, CsvColumn::Kind::number);
  request(chosen.time, chosen.time_is_date ? CsvColumn::Kind::text : CsvColumn::Kind::number);
  request(chosen.label, CsvColumn::Kind::text);
  request(chosen.group, CsvColumn::Kind::text);
  for (size_t i = 0; i < columns.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (columns[i].index == columns[j].index && columns[i].kind != columns[j].kind)
        return input_error(
            fmt::format("{}:1: column '{}' is asked for as a number and as a name (channels, label, split.by)", file,
                        csv.header()[static_cast<size_t>(columns[i].index)]));
  const auto column = [&](int32_t index) -> const CsvColumn* {
    for (const CsvColumn& c : columns)
      if (c.index == index) return &c;
    return nullptr;
  };
  Series series;
  series.file = file;
  MOTE_TRY(series.rows, csv.read(columns));
  if (series.rows > std::numeric_limits<int32_t>::max())
    return input_error(file + ": more than 2^31 rows; cut the file");
  series.lines.resize(static_cast<size_t>(series.rows));
  for (int64_t row = 0; row < series.rows; ++row) series.lines[static_cast<size_t>(row)] = csv.line(row);
  const size_t n = chosen.channels.size();
  series.values.resize(static_cast<size_t>(series.rows) * n);
  for (size_t c = 0; c < n; ++c) {
    const std::vector<double>& numbers = column(chosen.channels[c])->numbers;
    for (size_t row = 0; row < numbers.size(); ++row) series.values[row * n + c] = static_cast<float>(numbers[row]);
  }
  if (chosen.time != kNone) MOTE_CHECK(read_time(csv, *column(chosen.time), series));
  if (config_.task == DataTask::regression) MOTE_CHECK(read_targets(csv, columns, chosen, series));
  if (config_.task == DataTask::regression || label_rules_.empty())
    series.labels = {config_.task == DataTask::anomaly ? "normal" : ""};
  else
    MOTE_CHECK(read_names(csv, label_rules_[0], column(chosen.label), series.labels, series.label_of));
  MOTE_CHECK(read_names(csv, group_rule_, column(chosen.group), series.groups, series.group_of));
  MOTE_CHECK(cleaning_.apply(channels_, folder_, series));
  return series;
}

Timing measure_timing(const Series& series) {
  Timing timing;
  const std::vector<double>& t = series.seconds;
  const int64_t n = static_cast<int64_t>(t.size());
  if (n < 3) return timing;
  const double span = t.back() - t.front();
  timing.period = median_step(t);
  int64_t repeated = 0;
  for (size_t i = 1; i < t.size(); ++i) repeated += t[i] == t[i - 1];
  if (repeated * 4 > n) timing.period = span > 0 ? span / static_cast<double>(n - 1) : 0;  // stamps come in bursts
  if (timing.period <= 0) return timing;
  double sum = 0, squares = 0, quarter[2] = {0, 0};
  int64_t steps = 0, in_quarter[2] = {0, 0};
  for (int64_t i = 1; i < n; ++i) {
    const double step = t[static_cast<size_t>(i)] - t[static_cast<size_t>(i - 1)];
    if (step < 0) {
      timing.reversals.push_back(i);
      continue;
    }
    // A late stamp is made up for by the next step; a gap is not.
    const double next_two =
        i + 1 < n ? t[static_cast<size_t>(i + 1)] - t[static_cast<size_t>(i - 1)] : step + timing.period;
    const double allowed = repeated * 4 > n ? 20 : 1.75;
    if (step > allowed * timing.period && next_two > (allowed + 1) * timing.period) {
      if (!series.cut_before(i)) timing.gaps.push_back(i);
      continue;
    }
    sum += step, squares += step * step, ++steps;
    if (const int side = i <= n / 4 ? 0 : i > n - 1 - n / 4 ? 1 : -1; side >= 0)
      quarter[side] += step, ++in_quarter[side];
  }
  if (steps == 0 || sum <= 0) return timing;
  const double mean = sum / static_cast<double>(steps);
  timing.rate = 1 / mean;
  timing.jitter = std::sqrt(std::max(0.0, squares / static_cast<double>(steps) - mean * mean)) / mean;
  timing.start_rate = quarter[0] > 0 ? static_cast<double>(in_quarter[0]) / quarter[0] : timing.rate;
  timing.end_rate = quarter[1] > 0 ? static_cast<double>(in_quarter[1]) / quarter[1] : timing.rate;
  return timing;
}

}  // namespace mote
