// One recording file as numbers, whatever its format: the channels that the project uses, and where it has to be cut.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/data/annotations.h"
#include "toolchain/data/cleaning.h"
#include "toolchain/data/config.h"
#include "toolchain/data/csv.h"
#include "toolchain/data/rule.h"

namespace mote {

// Rows [begin, end) with one label and one group: a recording of its own.
struct Stretch {
  int64_t begin = 0, end = 0;
  int32_t label = 0, group = 0;  // index in Series::labels / groups
};

struct Series {
  std::string file;  // relative to the project, with '/'
  int64_t rows = 0;
  std::vector<float> values;                // rows x channels; NaN = missing
  std::vector<float> targets;               // rows x targets; NaN = missing; empty for classification
  std::vector<double> seconds;              // per row; empty = the file has no time stamps
  double rate = 0;                          // Hz, of a file that states it and has no time stamps; 0 = not stated
  bool audio = false;                       // any rate is brought to the project's unasked; silence pads
  int64_t window_rows = 0;                  // of an array of windows; 0 = readings follow one another
  int32_t width = 0, height = 0;            // of a picture in its file, before it was brought to the project's size
  bool each_alone = false;                  // stretches have nothing to do with one another: images of one file
  std::vector<LineRun> line_runs;           // where rows stand in the file; empty = a format without lines
  std::vector<LineRun> reading_runs;        // the same in readings, from 0; empty = none was cut out (cleaning.h)
  std::vector<std::string> labels, groups;  // names
  std::vector<std::string> not_learned;     // labels that `classes` does not name, whatever became of them
  std::vector<Stretch> stretches;           // in the order of rows; rows between two are left out
  std::vector<std::string> warnings;        // what is wrong with the file and did not stop it from being read

  int64_t line(int64_t row) const { return line_of(line_runs, row); }  // in the file; 0 = a format without lines
  std::string place(int64_t row) const;  // for messages: "a.csv:17", or "a.wav: reading 17"
  int64_t reading(int64_t row) const { return reading_runs.empty() ? row : line_of(reading_runs, row); }
  int64_t row_of(int64_t reading) const;  // the first row at or after a reading of the file; `rows` = none
  // Readings before this row were cut out.
  bool cut_before(int64_t row) const { return row > 0 && reading(row) != reading(row - 1) + 1; }
  // A recording of its own begins here: another label or group than the row above, or a cut.
  bool begins(int64_t row) const;
};

// How a file's time runs.
struct Timing {
  double period = 0;  // seconds between readings: the median, or the mean when stamps come in bursts; 0 = not known
  double rate = 0;    // readings per second, gaps left out; 0 = not known
  double start_rate = 0, end_rate = 0;  // of the first and the last quarter
  double jitter = 0;                    // deviation of the steps, as a fraction of the period
  bool audio = false;                   // as in Series
  std::vector<int64_t> gaps;            // rows before which readings are missing
  std::vector<int64_t> reversals;       // rows whose time is before that of the row above
};
Timing measure_timing(const Series& series);
// Of the steps forward between stamps; 0 = there is none.
double median_step(const std::vector<double>& stamps);

// What the files that were read before settle for those after them.
struct Agreement {
  std::vector<std::string> channels, units;
  std::vector<std::optional<double>> full_scale;  // per channel: what the format means by full scale (audio: 1)
  double time_factor = 0;                         // seconds per unit of numeric time stamps; 0 = not known yet
};

class SeriesReader {
 public:
  // Parses the rules, reads the labels file, finds the files. Errors: a rule, no file.
  static Result<SeriesReader> create(const DataConfig& config, const std::filesystem::path& project_folder);

  const std::vector<std::string>& files() const { return files_; }  // sorted, relative to the project
  const std::vector<std::string>& notes() const { return notes_; }  // about the choice of files
  const Agreement& agreed() const { return agreed_; }               // known after the first read
  const std::vector<std::string>& channels() const { return agreed_.channels; }
  const std::vector<std::string>& units() const { return agreed_.units; }
  const std::vector<std::string>& targets() const { return targets_; }
  const Cleaning& cleaning() const { return cleaning_; }
  // As the file has it, with the changes of cleaning.json.
  Result<Series> read(const std::string& file);

 private:
  SeriesReader() = default;
  Result<void> load_annotations();
  Result<void> label_whole_file(Series& series) const;
  Result<void> scale(Series& series) const;

  DataConfig config_;
  std::filesystem::path folder_;
  std::vector<Rule> label_rules_;
  Rule group_rule_;
  std::optional<Annotations> annotations_;
  std::string annotated_label_, annotated_group_;  // columns of the annotations; "" = labels, groups are not from them
  std::vector<std::string> files_, targets_, notes_;
  Cleaning cleaning_;
  Agreement agreed_;
};

}  // namespace mote
