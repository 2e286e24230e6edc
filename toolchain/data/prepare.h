// Series -> pieces: evenly spaced readings at one rate, without gaps, with one label and one group each.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "toolchain/base/progress.h"
#include "toolchain/base/result.h"
#include "toolchain/data/series.h"

namespace mote {

struct Piece {
  std::string file;
  int64_t first_line = 0, first_reading = 0;  // of the file
  double start = 0;                           // seconds
  int32_t label = 0, group = 0;               // index in Prepared::labels / groups
  int64_t readings = 0, padded = 0;
  int32_t session = 0;                          // jumps backwards of the file's clock before it
  int32_t baseline = -1;                        // index in Prepared::baselines; -1 = none
  bool goes_on = false;                         // where the piece before it ends: only label or group changed
  std::vector<float> values;                    // readings x channels
  std::vector<float> targets;                   // readings x targets
  std::vector<int32_t> row_labels, row_groups;  // tables: per row, instead of label and group
  std::vector<double> row_seconds;              // tables with time stamps
};

struct Prepared {
  double rate = 0;                 // Hz; 0 = table or not known
  int32_t window = 1, stride = 1;  // readings
  int32_t height = 0;              // of images; 0 = no images
  int32_t baseline = 0;            // readings; 0 = none. Pieces begin after it
  std::vector<std::string> channels, units, targets;
  std::vector<std::optional<double>> full_scale;  // per channel: what the files mean by it (audio: 1)
  std::vector<std::string> labels, groups;        // labels sorted
  std::vector<uint8_t> normal;                    // anomaly detection: 1 for each label that is normal
  std::map<std::string, std::unordered_set<std::string>> file_lists;  // of the split: list -> files
  std::vector<std::vector<float>> baselines;                          // readings x channels, of a recording each
  std::vector<Piece> pieces;                                          // in the order of files and time
  std::filesystem::path project_folder;
  std::string split_by;  // set by split_windows: SplitConfig::by, or what auto stands for
  std::vector<std::string> notes;
};

Result<Prepared> prepare(const DataConfig& config, const std::filesystem::path& project_folder,
                         const Progress& progress);

}  // namespace mote
