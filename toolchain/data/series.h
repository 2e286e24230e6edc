// One recording file as numbers: the columns that the project uses, and where it has to be cut.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/base/progress.h"
#include "toolchain/base/result.h"
#include "toolchain/data/cleaning.h"
#include "toolchain/data/config.h"
#include "toolchain/data/csv.h"
#include "toolchain/data/rule.h"

namespace mote {

struct Series {
  std::string file;  // relative to the project, with '/'
  int64_t rows = 0;
  std::vector<float> values;                // rows x channels; NaN = missing
  std::vector<float> targets;               // rows x targets; NaN = missing; empty for classification
  std::vector<double> seconds;              // per row; empty = the file has no time stamps
  std::vector<int64_t> lines;               // per row, in the file
  std::vector<int64_t> readings;            // per row, number of the reading in the file; empty = none was cut out
  std::vector<std::string> labels, groups;  // names
  std::vector<int32_t> label_of, group_of;  // per row: index in labels / groups; empty = index 0 for every row

  int32_t label(int64_t row) const { return label_of.empty() ? 0 : label_of[static_cast<size_t>(row)]; }
  int32_t group(int64_t row) const { return group_of.empty() ? 0 : group_of[static_cast<size_t>(row)]; }
  int64_t line(int64_t row) const { return lines.empty() ? 0 : lines[static_cast<size_t>(row)]; }
  int64_t reading(int64_t row) const { return readings.empty() ? row : readings[static_cast<size_t>(row)]; }
  // Readings before this row were cut out (cleaning.h).
  bool cut_before(int64_t row) const { return row > 0 && reading(row) != reading(row - 1) + 1; }
  // Another label or group than the row above, or a cut: a recording of its own begins here.
  bool begins(int64_t row) const {
    return row == 0 || label(row) != label(row - 1) || group(row) != group(row - 1) || cut_before(row);
  }
};

// How a file's time runs.
struct Timing {
  double period = 0;  // seconds between readings: the median, or the mean when stamps come in bursts; 0 = not known
  double rate = 0;    // readings per second, gaps left out; 0 = not known
  double start_rate = 0, end_rate = 0;  // of the first and the last quarter
  double jitter = 0;                    // deviation of the steps, as a fraction of the period
  std::vector<int64_t> gaps;            // rows before which readings are missing
  std::vector<int64_t> reversals;       // rows whose time is before that of the row above
};
Timing measure_timing(const Series& series);

class SeriesReader {
 public:
  // Parses the rules, reads the labels file, finds the files. Errors: a rule, no file.
  static Result<SeriesReader> create(const DataConfig& config, const std::filesystem::path& project_folder);

  const std::vector<std::string>& files() const { return files_; }        // sorted, relative to the project
  const std::vector<std::string>& channels() const { return channels_; }  // known after the first read
  const std::vector<std::string>& units() const { return units_; }
  const std::vector<std::string>& targets() const { return targets_; }
  const Cleaning& cleaning() const { return cleaning_; }
  // As the file has it, with the changes of cleaning.json.
  Result<Series> read(const std::string& file);

 private:
  SeriesReader() = default;
  struct Columns;
  Result<Columns> choose_columns(const CsvFile& csv);
  Result<std::vector<std::string>> columns_left(const CsvFile& csv, const Columns& columns) const;
  Result<void> choose_channels(const CsvFile& csv, Columns& columns);
  Result<int32_t> find_column(const CsvFile& csv, const std::string& name, const std::string& key) const;
  int32_t find_time(const CsvFile& csv) const;
  Result<void> read_time(const CsvFile& csv, const CsvColumn& column, Series& series);
  Result<double> time_factor(const CsvFile& csv, const CsvColumn& column) const;
  Result<void> read_names(const CsvFile& csv, const Rule& rule, const CsvColumn* column,
                          std::vector<std::string>& names, std::vector<int32_t>& of_row) const;
  Result<void> read_targets(const CsvFile& csv, const std::vector<CsvColumn>& columns, const Columns& chosen,
                            Series& series) const;

  DataConfig config_;
  std::filesystem::path folder_;
  std::vector<Rule> label_rules_;
  Rule group_rule_;
  std::vector<std::string> files_, channels_, units_, targets_;
  Cleaning cleaning_;
  double time_factor_ = 0;  // seconds per unit of numeric time stamps; the same for every file; 0 = not known yet
};

}  // namespace mote
