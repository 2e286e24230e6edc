// Recordings -> labelled, split windows of int16 counts. The one entry is load_dataset.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "features/feature.h"
#include "toolchain/base/json.h"
#include "toolchain/base/progress.h"
#include "toolchain/base/result.h"
#include "toolchain/data/config.h"

namespace mote {

// A stretch of readings without a gap or a change of label or group; windows never cross its ends.
struct Recording {
  std::string file;           // relative to the project, with '/'
  int64_t first_line = 0;     // of the file; 0 = a format without lines
  int64_t first_reading = 0;  // of the file, from 0
  double start = 0;           // seconds: since 1970 for date-times, else as in the file
  int32_t label = 0;          // class index; 0 for regression
  std::string group;          // of the split
  int64_t offset = 0;         // of its first reading in Dataset::counts, in readings
  int64_t readings = 0;       // padding included
  int64_t padded = 0;         // readings added at the end (the last one repeated)
  bool goes_on = false;       // its first reading follows the last one of the recording before it: only the label or
                              // the group changed
  int32_t baseline = -1;      // index in Dataset::baselines; -1 = none
};

struct DataWindow {
  int64_t offset = 0;  // of its first reading in Dataset::counts, in readings
  int32_t recording = 0;
  int32_t label = 0;  // class index; 0 for regression
  int32_t group = 0;  // index in Dataset::groups
};

struct DataPart {
  std::vector<DataWindow> windows;  // in the order of files and time; shuffling is the trainer's
  std::vector<float> targets;  // regression: windows.size() x Dataset::targets.size(), physical units; for a window
                               // of several rows the value of its last row
  int64_t size() const { return static_cast<int64_t>(windows.size()); }
};

struct Dataset {
  DataTask task = DataTask::classification;
  RecordingContract contract;
  std::vector<std::string> classes;                     // sorted (as numbers if all are); empty for regression
  std::vector<uint8_t> normal;                          // anomaly detection: 1 for each class that is normal
  std::vector<std::string> targets;                     // regression: names
  std::vector<double> target_mean, target_deviation;    // of the training part
  std::vector<double> channel_mean, channel_deviation;  // of the training part, physical units
  std::vector<Recording> recordings;
  std::string split_by;                         // as SplitConfig::by, but never auto
  std::vector<std::string> groups;              // of the split
  std::vector<int16_t> counts;                  // readings x channels, relative where the contract has a baseline
  std::vector<ChannelContract> channels;        // what these counts stand for: window_channels(contract)
  std::vector<int16_t> fed;                     // with a baseline: the readings as firmware is fed, parallel to counts
  std::vector<std::vector<int16_t>> baselines;  // of a recording each, as firmware is fed
  DataPart train, validation, test;
  std::vector<std::string> notes;  // everything that was skipped, padded, resampled, repaired or saturated
  std::string fingerprint;         // of the data and of every setting that shapes it

  // contract.elements() counts, channels interleaved: a view into `counts`.
  std::span<const int16_t> window(const DataWindow& window) const;
  // The same in the units of `channels`.
  void values(const DataWindow& window, std::span<float> out) const;
  // contract.fed_elements() counts: what firmware is fed from its start to the end of the window.
  void fed_window(const DataWindow& window, std::span<int16_t> out) const;
  FeatureWindows training_windows() const;
  // Windows per class (one entry for regression).
  std::vector<int64_t> class_counts(const DataPart& part) const;
};

// Reads, checks, cuts and splits. Errors name file, line, column, what was expected and what to do.
Result<Dataset> load_dataset(const DataConfig& config, const std::filesystem::path& project_folder,
                             const Progress& progress);

// Parts, classes, counts, groups: for `data show --json` and the run's record.
Json split_summary(const Dataset& dataset);
// The same as a table for people, notes below.
std::string split_table(const Dataset& dataset);

}  // namespace mote
