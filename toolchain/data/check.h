// Faults of the data, found and named; nothing is repaired here.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/progress.h"
#include "toolchain/base/result.h"
#include "toolchain/data/cleaning.h"
#include "toolchain/data/config.h"

namespace mote {

enum class Severity { note, warning, error };  // error: load_dataset refuses the data as the project stands

struct Finding {
  Severity severity = Severity::warning;
  std::string kind;                 // stable, for --json; docs/guide/2-data.md lists them
  std::string file;                 // empty = the data as a whole
  int64_t line = 0;                 // 0 = the whole file
  double time = -1;                 // seconds from the recording's start; -1 = no place in time
  int64_t occurrences = 1;          // similar findings folded into this one
  std::string what;                 // "ax stays at 3.998 for 212 readings"
  std::string why;                  // why it matters
  std::string todo;                 // what to do
  std::vector<Change> repair = {};  // what `mote data clean` does about it when asked; empty: only people can
};

struct CheckReport {
  std::vector<Finding> findings;  // errors first, then by file and line
  int64_t files = 0, recordings = 0, readings = 0;
  std::map<std::string, int64_t> readings_of;  // of each file that could be read
  int32_t window = 1;                          // readings of a file that a window takes; 1 if that is not known
  int64_t count(Severity severity) const;
};

// Reads as much as can be read: a broken file is a finding, and the others are still checked. An Error only when there
// is nothing to check (no file matches, the configuration is wrong).
Result<CheckReport> check_data(const DataConfig& config, const std::filesystem::path& project_folder,
                               const Progress& progress);
// The same for people: of many findings of one kind a few, the others counted in the last of them.
CheckReport folded(const CheckReport& report);

// "recordings/a.csv:17 (0.16 s): "; empty for the data as a whole.
std::string place_text(const Finding& finding);
std::string to_text(const CheckReport& report);  // for people; ends with a newline
Json to_json(const CheckReport& report);

}  // namespace mote
