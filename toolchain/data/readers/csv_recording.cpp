// CSV: which columns are the time, the channels, the labels and the groups, and what they say.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "toolchain/data/readers/reader.h"
#include "toolchain/data/text.h"
#include "toolchain/data/time_column.h"
#include "toolchain/data/time_stamp.h"

namespace mote {
namespace {

constexpr int32_t kNone = -1;

double unit_seconds(const std::string& unit) {
  return unit == "s" ? 1 : unit == "ms" ? 1e-3 : unit == "us" ? 1e-6 : unit == "ns" ? 1e-9 : 0;
}

class CsvRecording {
 public:
  explicit CsvRecording(const ReadTask& task) : task_(task) {}
  Result<Series> read() const;

 private:
  struct Columns {
    int32_t time = kNone, label = kNone, group = kNone;
    bool time_is_date = false;
    std::vector<int32_t> channels, targets;
    std::vector<std::string> warnings;
  };
  Result<Columns> choose_columns(const CsvFile& csv) const;
  Result<std::vector<std::string>> columns_left(const CsvFile& csv, const Columns& columns) const;
  Result<void> choose_channels(const CsvFile& csv, Columns& columns) const;
  Result<int32_t> find_column(const CsvFile& csv, const std::string& name, const std::string& key) const;
  int32_t find_time(const CsvFile& csv) const;
  Result<double> time_factor(const CsvFile& csv, int32_t time, const std::vector<double>& stamps) const;
  Result<std::vector<CsvColumn>> wanted_columns(const CsvFile& csv, const Columns& chosen) const;
  Result<void> add_times(const CsvFile& csv, const CsvColumn& column, Series& series) const;
  Result<void> add_names(const CsvFile& csv, const CsvColumn* label, const CsvColumn* group, Series& series) const;
  Result<void> add_targets(const std::vector<CsvColumn>& columns, const Columns& chosen, Series& series) const;

  const ReadTask& task_;
};

Result<int32_t> CsvRecording::find_column(const CsvFile& csv, const std::string& name, const std::string& key) const {
  const std::vector<std::string>& header = csv.header();
  int32_t found = kNone;
  for (const bool with_unit : {true, false}) {
    for (size_t i = 0; i < header.size(); ++i) {
      if ((with_unit ? header[i] : split_unit(header[i]).name) != name) continue;
      if (found != kNone)
        return input_error(fmt::format("{}:{}: the header has the column '{}' twice (columns {} and {}); rename one",
                                       csv.name(), csv.header_line(), name, found + 1, i + 1));
      found = static_cast<int32_t>(i);
    }
    if (found != kNone) return found;
  }
  return input_error(fmt::format("{}:{}: no column '{}' ({} in mote.toml); the file has {}{}", csv.name(),
                                 csv.header_line(), name, key, listed(header, 20), did_you_mean(name, header)));
}

int32_t CsvRecording::find_time(const CsvFile& csv) const {
  for (const char* name : kTimeNames)
    for (size_t i = 0; i < csv.header().size(); ++i)
      if (bare_name(csv.header()[i]) == name &&
          !(task_.config.table() && std::string_view(name) == "t") &&  // a temperature
          std::find(task_.config.channels.begin(), task_.config.channels.end(), csv.header()[i]) ==
              task_.config.channels.end())
        return static_cast<int32_t>(i);
  return kNone;
}

// Every column of numbers that is neither time, label nor group.
Result<std::vector<std::string>> CsvRecording::columns_left(const CsvFile& csv, const Columns& columns) const {
  std::vector<std::string> names;
  std::string text;  // the first column of text, and what it holds
  for (size_t i = 0; i < csv.header().size(); ++i) {
    const int32_t index = static_cast<int32_t>(i);
    const bool used = index == columns.time || index == columns.label || index == columns.group ||
                      std::find(columns.targets.begin(), columns.targets.end(), index) != columns.targets.end();
    const std::string& header = csv.header()[i];
    const std::string name = bare_name(header);
    if (used || header.empty() || name == "date" || name == "datetime" || name == "timestamp") continue;
    if (csv.holds_numbers(index))
      names.push_back(header);
    else if (text.empty())
      text = fmt::format("column {} '{}': found '{}'", i + 1, header, csv.sample(index));
  }
  if (names.empty() && text.empty())
    return input_error(fmt::format(
        "{}:{}: no column of numbers is left to learn from; the header has {}. If the header stands further down, "
        "delete the lines above it",
        csv.name(), csv.header_line(), listed(csv.header())));
  if (names.empty())
    return input_error(fmt::format(
        "{}:{}: {}, expected a number such as 0.25, without separators of thousands; no other column has numbers. "
        "Correct the cells; if the header stands further down, delete the lines above it",
        csv.name(), csv.first_line(), text));
  if (text.empty()) return names;
  return input_error(fmt::format(
      "{}:{}: {}, expected a number. Correct the cell, or say in mote.toml which columns to learn from, such as "
      "channels = [\"{}\"]",
      csv.name(), csv.first_line(), text,
      fmt::join(std::span(names).first(std::min<size_t>(names.size(), 6)), "\", \"")));
}

Result<void> CsvRecording::choose_channels(const CsvFile& csv, Columns& columns) const {
  std::vector<std::string> names = task_.config.channels.empty() ? task_.agreed.channels : task_.config.channels;
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
  std::vector<HeaderName> chosen;
  for (size_t i = 0; i < names.size(); ++i) {
    chosen.push_back(split_unit(csv.header()[static_cast<size_t>(columns.channels[i])]));
    if (!task_.config.channels.empty()) chosen.back().name = names[i];
  }
  columns.warnings = agree_on_channels(task_, chosen);
  return {};
}

Result<CsvRecording::Columns> CsvRecording::choose_columns(const CsvFile& csv) const {
  Columns columns;
  for (const Rule& rule : task_.label_rules) {
    if (rule.kind() != Rule::Kind::column) continue;
    MOTE_TRY(const int32_t index, find_column(csv, rule.argument(), "label"));
    if (task_.config.task == DataTask::regression)
      columns.targets.push_back(index);
    else
      columns.label = index;
  }
  if (task_.group_rule.kind() == Rule::Kind::column) {
    MOTE_TRY(columns.group, find_column(csv, task_.group_rule.argument(), "split.by"));
  }
  if (task_.config.time && *task_.config.time != "none") {
    MOTE_TRY(columns.time, find_column(csv, *task_.config.time, "time"));
  } else if (!task_.config.time) {
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
                      csv.name(), csv.first_line(), columns.time + 1, csv.header()[static_cast<size_t>(columns.time)],
                      csv.sample(columns.time), task_.config.table() ? "" : " and the rate"));
  }
  MOTE_CHECK(choose_channels(csv, columns));
  return columns;
}

Result<double> CsvRecording::time_factor(const CsvFile& csv, int32_t time, const std::vector<double>& stamps) const {
  if (task_.config.time_unit != "auto") return unit_seconds(task_.config.time_unit);
  const std::string& header = csv.header()[static_cast<size_t>(time)];
  if (const double stated = header_unit(header); stated > 0) return stated;
  const double step = median_step(stamps);
  if (step <= 0 || task_.config.table()) return 1;
  const double units[] = {1, 1e-3, 1e-6, 1e-9};
  if (task_.config.rate) {  // the unit that comes nearest to the stated rate
    return *std::min_element(std::begin(units), std::end(units), [&](double a, double b) {
      return std::abs(std::log(a * step * *task_.config.rate)) < std::abs(std::log(b * step * *task_.config.rate));
    });
  }
  const double first = stamps.front();
  for (int power = 0; power < 4; ++power)  // times since 1970 tell their unit: 2001 to 2286
    if (first > 1e9 * std::pow(1000, power) && first < 1e10 * std::pow(1000, power)) return units[power];
  if (step < 0.5) return 1;
  return input_error(
      fmt::format("{}: cannot tell the unit of the time stamps in '{}' (steps of {:g}). Say rate = \"... Hz\" or "
                  "time_unit = \"ms\" in mote.toml",
                  csv.name(), header, step));
}

// The stamps of a block as they are written; date-times in seconds.
Result<void> CsvRecording::add_times(const CsvFile& csv, const CsvColumn& column, Series& series) const {
  const std::string& header = csv.header()[static_cast<size_t>(column.index)];
  for (size_t i = 0; i < column.rows(); ++i) {
    const int64_t row = series.rows + static_cast<int64_t>(i);
    if (column.kind == CsvColumn::Kind::text) {
      const std::string& text = column.text(static_cast<int64_t>(i));
      const auto seconds = parse_date_time(text);
      if (!seconds)
        return input_error(
            fmt::format("{}:{}: column {} '{}': found '{}', expected a date-time such as 2024-05-31 14:06:17.250",
                        csv.name(), csv.line(row), column.index + 1, header, text));
      series.seconds.push_back(*seconds);
      continue;
    }
    if (!std::isfinite(column.numbers[i]))
      return input_error(
          fmt::format("{}:{}: column {} '{}': the time stamp is missing. Delete the row, or say time = \"none\" "
                      "and the rate in mote.toml",
                      csv.name(), csv.line(row), column.index + 1, header));
    series.seconds.push_back(column.numbers[i]);
  }
  return {};
}

// A row with another label or group than the row above begins a stretch.
Result<void> CsvRecording::add_names(const CsvFile& csv, const CsvColumn* label, const CsvColumn* group,
                                     Series& series) const {
  for (const CsvColumn* column : {label, group}) {
    if (column == nullptr) continue;
    const auto empty = std::find(column->dictionary.begin(), column->dictionary.end(), "");
    const auto code = static_cast<int32_t>(empty - column->dictionary.begin());
    const auto at = std::find(column->texts.begin(), column->texts.end(), code);
    if (at == column->texts.end()) continue;
    return input_error(fmt::format("{}:{}: column {} '{}' is empty; expected a name. Fill it or delete the row",
                                   csv.name(), csv.line(series.rows + (at - column->texts.begin())), column->index + 1,
                                   csv.header()[static_cast<size_t>(column->index)]));
  }
  const auto rows =
      static_cast<int64_t>(std::max(label == nullptr ? 0 : label->rows(), group == nullptr ? 0 : group->rows()));
  for (int64_t row = 0; row < rows; ++row) {
    const int32_t label_code = label == nullptr ? 0 : label->texts[static_cast<size_t>(row)];
    const int32_t group_code = group == nullptr ? 0 : group->texts[static_cast<size_t>(row)];
    std::vector<Stretch>& all = series.stretches;
    if (all.empty() || all.back().label != label_code || all.back().group != group_code)
      all.push_back({series.rows + row, 0, label_code, group_code});
    all.back().end = series.rows + row + 1;
  }
  return {};
}

Result<void> CsvRecording::add_targets(const std::vector<CsvColumn>& columns, const Columns& chosen,
                                       Series& series) const {
  const std::vector<Rule>& rules = task_.label_rules;
  const size_t rows = columns[0].rows(), first = series.targets.size();
  series.targets.resize(first + rows * rules.size());
  size_t next_column = 0;
  for (size_t target = 0; target < rules.size(); ++target) {
    float* const out = &series.targets[first + target];
    if (rules[target].kind() == Rule::Kind::column) {
      const int32_t index = chosen.targets[next_column++];
      const auto column =
          std::find_if(columns.begin(), columns.end(), [&](const CsvColumn& c) { return c.index == index; });
      for (size_t row = 0; row < rows; ++row) out[row * rules.size()] = static_cast<float>(column->numbers[row]);
      continue;
    }
    MOTE_TRY(const float value, target_of_file(rules[target], task_.file));
    for (size_t row = 0; row < rows; ++row) out[row * rules.size()] = value;
  }
  return {};
}

Result<std::vector<CsvColumn>> CsvRecording::wanted_columns(const CsvFile& csv, const Columns& chosen) const {
  std::vector<CsvColumn> columns;
  const auto request = [&](int32_t index, CsvColumn::Kind kind) {
    const auto same = std::find_if(columns.begin(), columns.end(),
                                   [&](const CsvColumn& c) { return c.index == index && c.kind == kind; });
    if (same != columns.end() || index == kNone) return;
    columns.emplace_back();
    columns.back().index = index;
    columns.back().kind = kind;
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
            fmt::format("{}:{}: column '{}' is asked for as a number and as a name (channels, label, split.by)",
                        task_.file, csv.header_line(), csv.header()[static_cast<size_t>(columns[i].index)]));
  return columns;
}

Result<Series> CsvRecording::read() const {
  MOTE_TRY(CsvFile csv, CsvFile::open(task_.file, task_.path));
  MOTE_TRY(const Columns chosen, choose_columns(csv));
  MOTE_TRY(std::vector<CsvColumn> columns, wanted_columns(csv, chosen));
  const auto column = [&](int32_t index) -> const CsvColumn* {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const CsvColumn& c) { return c.index == index; });
    return found == columns.end() ? nullptr : &*found;
  };
  const size_t n = chosen.channels.size();
  Series series;
  series.warnings = chosen.warnings;
  series.values.reserve(static_cast<size_t>(csv.likely_rows()) * n);
  if (chosen.time != kNone) series.seconds.reserve(static_cast<size_t>(csv.likely_rows()));
  for (;;) {
    for (CsvColumn& each : columns) each.cut(0);
    MOTE_TRY(const int64_t rows, csv.read_block(columns));
    if (rows == 0) break;
    const size_t first = series.values.size();
    series.values.resize(first + static_cast<size_t>(rows) * n);
    for (size_t c = 0; c < n; ++c) {
      const std::vector<double>& numbers = column(chosen.channels[c])->numbers;
      float* const out = &series.values[first + c];
      for (size_t row = 0; row < numbers.size(); ++row) out[row * n] = static_cast<float>(numbers[row]);
    }
    if (chosen.time != kNone) MOTE_CHECK(add_times(csv, *column(chosen.time), series));
    if (task_.config.task == DataTask::regression) MOTE_CHECK(add_targets(columns, chosen, series));
    MOTE_CHECK(add_names(csv, column(chosen.label), column(chosen.group), series));
    series.rows += rows;
  }
  if (series.rows > std::numeric_limits<int32_t>::max())
    return input_error(task_.file + ": more than 2^31 rows; cut the file");
  series.line_runs = csv.lines();
  if (chosen.label != kNone) series.labels = column(chosen.label)->dictionary;
  if (chosen.group != kNone) series.groups = column(chosen.group)->dictionary;
  if (chosen.time == kNone || chosen.time_is_date) return series;
  if (task_.agreed.time_factor == 0) {
    MOTE_TRY(task_.agreed.time_factor, time_factor(csv, chosen.time, series.seconds));
  }
  for (double& stamp : series.seconds) stamp *= task_.agreed.time_factor;
  return series;
}

Result<Series> read_csv(const ReadTask& task) {
  return CsvRecording(task).read();
}

}  // namespace

extern const Reader csv_reader;
const Reader csv_reader{"CSV", "text", "csv tsv txt tab", nullptr, false, read_csv};

}  // namespace mote
