// A table that says what stretches of recordings are (key `annotations`): its columns are labels and groups for files
// that have no columns of their own, such as arrays and audio.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/data/csv.h"

namespace mote {

struct Series;

// One table. Which file a row is about: column `file` (path or name); else the columns whose names begin with the
// letters of a part of the file's name (exp01_user02.npy: experiment = 1 and user = 2); else every file. Which
// readings: `start` and `end` (from 0, end not included), `offset` and `length`, `index` (of a window in an array of
// windows); else all of them.
class AnnotationTable {
 public:
  static Result<AnnotationTable> load(const std::string& table, const std::filesystem::path& project_folder);

  const std::string& name() const { return name_; }
  bool has(const std::string& column) const { return columns_of_.contains(column); }
  // Cuts the series into the stretches that the table names. `label`, `group`: columns, or "" = not from this table.
  // Errors: no row for the file, rows outside it or over one another, an empty cell.
  Result<void> apply(const std::string& label, const std::string& group, Series& series) const;

 private:
  struct Row {
    int64_t line, begin, end;
    size_t row;
  };
  Result<std::vector<Row>> rows_of(const Series& series) const;
  Result<Row> place(size_t row, const Series& series) const;
  Result<int64_t> number(const std::string& column, size_t row) const;
  bool is_about(size_t row, const Series& series) const;
  const std::string& cell(const std::string& column, size_t row) const;

  std::string name_;  // relative to the project
  int64_t rows_ = 0;
  std::vector<LineRun> lines_;
  std::vector<CsvColumn> columns_;
  std::map<std::string, size_t> columns_of_;  // by name
};

// The tables that a pattern names; each file has the one whose name has the longest beginning in common with its own.
class Annotations {
 public:
  static Result<Annotations> load(const std::string& pattern, const std::filesystem::path& project_folder);
  Result<const AnnotationTable*> of_file(const std::string& file) const;
  bool has(const std::string& column) const;  // in any table
  bool is_table(const std::string& file) const;

 private:
  std::vector<AnnotationTable> tables_;
};

}  // namespace mote
