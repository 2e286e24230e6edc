#include "toolchain/data/annotations.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "toolchain/base/files.h"
#include "toolchain/data/series.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

std::string stem(const std::string& file) {
  return fs::path(file).stem().string();
}

// "exp01_user02" -> {"exp", 1}, {"user", 2}.
std::vector<std::pair<std::string, int64_t>> numbered_parts(const std::string& name) {
  std::vector<std::pair<std::string, int64_t>> parts;
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  for (size_t i = 0; i < name.size();) {
    size_t end = i;
    while (end < name.size() && letter(name[end])) ++end;
    size_t last = end;
    while (last < name.size() && digit(name[last])) ++last;
    int64_t number = 0;
    if (end > i && last > end && std::from_chars(name.data() + end, name.data() + last, number).ec == std::errc())
      parts.emplace_back(lower_case(name.substr(i, end - i)), number);
    i = std::max(last, i + 1);
  }
  return parts;
}

size_t common_beginning(const std::string& a, const std::string& b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

// The names of a column for each stretch, each name once.
void name_stretches(const std::vector<std::string>& of_stretch, int32_t Stretch::*index,
                    std::vector<std::string>& names, std::vector<Stretch>& stretches) {
  std::map<std::string, int32_t> known;
  names.clear();
  for (size_t i = 0; i < stretches.size(); ++i) {
    const auto [entry, added] = known.emplace(of_stretch[i], static_cast<int32_t>(names.size()));
    if (added) names.push_back(of_stretch[i]);
    stretches[i].*index = entry->second;
  }
}

}  // namespace

Result<AnnotationTable> AnnotationTable::load(const std::string& table, const fs::path& project_folder) {
  AnnotationTable result;
  result.name_ = table;
  MOTE_TRY(CsvFile csv, CsvFile::open(table, project_folder / table));
  result.columns_.resize(csv.header().size());
  for (size_t i = 0; i < result.columns_.size(); ++i) {
    result.columns_[i].index = static_cast<int32_t>(i);
    result.columns_[i].kind = CsvColumn::Kind::text;
    result.columns_of_.emplace(csv.header()[i], i);
  }
  MOTE_TRY(result.rows_, csv.read(result.columns_));
  result.lines_ = csv.lines();
  return result;
}

const std::string& AnnotationTable::cell(const std::string& column, size_t row) const {
  return columns_[columns_of_.at(column)].text(static_cast<int64_t>(row));
}

Result<int64_t> AnnotationTable::number(const std::string& column, size_t row) const {
  double value = 0;
  if (parse_number(cell(column, row), value) && value >= 0 && value < 1e15 &&
      value == static_cast<double>(static_cast<int64_t>(value)))
    return static_cast<int64_t>(value);
  return input_error(fmt::format("{}:{}: column '{}': found '{}', expected the number of a reading, from 0", name_,
                                 line_of(lines_, static_cast<int64_t>(row)), column, cell(column, row)));
}

bool AnnotationTable::is_about(size_t row, const Series& series) const {
  if (has("file")) {
    const std::string& named = cell("file", row);
    const fs::path path(series.file);
    return named == series.file || named == path.filename().string() || named == stem(series.file) ||
           named == path.lexically_relative(fs::path(name_).parent_path()).generic_string();
  }
  for (const auto& [letters, number] : numbered_parts(stem(series.file)))
    for (const auto& [column, index] : columns_of_) {
      double value = 0;
      if (!lower_case(column).starts_with(letters)) continue;
      if (!parse_number(cell(column, row), value) || value != static_cast<double>(number)) return false;
    }
  return true;
}

Result<AnnotationTable::Row> AnnotationTable::place(size_t row, const Series& series) const {
  Row place{line_of(lines_, static_cast<int64_t>(row)), 0, series.rows, row};
  if (has("start") && has("end")) {
    MOTE_TRY(place.begin, number("start", row));
    MOTE_TRY(place.end, number("end", row));
  } else if (has("offset") && has("length")) {
    MOTE_TRY(place.begin, number("offset", row));
    MOTE_TRY(place.end, number("length", row));
    place.end += place.begin;
  } else if (has("index") && series.window_rows > 0) {
    MOTE_TRY(place.begin, number("index", row));
    place.begin *= series.window_rows;
    place.end = place.begin + series.window_rows;
  }
  if (place.begin >= place.end || place.end > series.rows)
    return input_error(fmt::format("{}:{}: readings {} to {}, but {} has {}", name_, place.line, place.begin, place.end,
                                   series.file, series.rows));
  return place;
}

Result<std::vector<AnnotationTable::Row>> AnnotationTable::rows_of(const Series& series) const {
  std::vector<Row> rows;
  for (size_t row = 0; row < static_cast<size_t>(rows_); ++row) {
    if (!is_about(row, series)) continue;
    MOTE_TRY(const Row one, place(row, series));
    rows.push_back(one);
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.begin < b.begin; });
  for (size_t i = 1; i < rows.size(); ++i)
    if (rows[i].begin < rows[i - 1].end)
      return input_error(fmt::format("{}: lines {} and {} are about the same readings of {}", name_, rows[i - 1].line,
                                     rows[i].line, series.file));
  if (rows.empty())
    return input_error(fmt::format("{}: no row of {} is about this file (columns: {})", series.file, name_,
                                   has("file") ? "file" : "those that its name begins with"));
  return rows;
}

Result<void> AnnotationTable::apply(const std::string& label, const std::string& group, Series& series) const {
  MOTE_TRY(const std::vector<Row> rows, rows_of(series));
  series.stretches.clear();
  std::vector<std::string> labels, groups;
  for (const Row& row : rows) {
    series.stretches.push_back({row.begin, row.end, 0, 0});
    for (const auto& [column, names] : {std::pair{&label, &labels}, std::pair{&group, &groups}}) {
      if (column->empty()) continue;
      names->push_back(cell(*column, row.row));
      if (names->back().empty())
        return input_error(fmt::format("{}:{}: column '{}' is empty; expected a name", name_, row.line, *column));
    }
  }
  if (!label.empty()) name_stretches(labels, &Stretch::label, series.labels, series.stretches);
  if (!group.empty()) name_stretches(groups, &Stretch::group, series.groups, series.stretches);
  return {};
}

Result<Annotations> Annotations::load(const std::string& pattern, const fs::path& project_folder) {
  Annotations annotations;
  MOTE_TRY(std::vector<fs::path> paths, glob(project_folder, pattern));
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    MOTE_TRY(AnnotationTable table,
             AnnotationTable::load(path.lexically_relative(project_folder).generic_string(), project_folder));
    annotations.tables_.push_back(std::move(table));
  }
  if (annotations.tables_.empty())
    return input_error(
        fmt::format("mote.toml: annotations = \"{}\" matches no file in {}", pattern, project_folder.string()));
  return annotations;
}

Result<const AnnotationTable*> Annotations::of_file(const std::string& file) const {
  const AnnotationTable* best = &tables_[0];
  size_t longest = 0;
  for (const AnnotationTable& table : tables_) {
    const size_t common = common_beginning(stem(file), stem(table.name()));
    if (common > longest) best = &table, longest = common;
  }
  if (tables_.size() > 1 && longest == 0)
    return input_error(fmt::format("{}: none of the {} tables of annotations has a name that begins as this one", file,
                                   tables_.size()));
  return best;
}

bool Annotations::has(const std::string& column) const {
  return std::any_of(tables_.begin(), tables_.end(), [&](const AnnotationTable& table) { return table.has(column); });
}

bool Annotations::is_table(const std::string& file) const {
  return std::any_of(tables_.begin(), tables_.end(),
                     [&](const AnnotationTable& table) { return table.name() == file; });
}

}  // namespace mote
