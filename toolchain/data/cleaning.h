// Changes of recordings, made while they are read: the files stay as they are. They stand in cleaning.json beside
// mote.toml (docs/formats.md), one step for each `mote data clean`, so that each can be taken back.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"

namespace mote {

struct Series;

// value of `channel` = factor x value of `source` + offset, all channels of one change at once.
struct ChannelSource {
  std::string channel, source;
  double factor = 1, offset = 0;
  bool operator==(const ChannelSource&) const = default;
};

enum class ChangeAction { leave_out, cut, interpolate, transform };

struct Change {
  ChangeAction action = ChangeAction::leave_out;
  std::string kind;                     // of the finding that asks for it: "outlier"
  std::string file;                     // relative to the project
  int64_t from = 0, to = 0;             // cut, interpolate: readings [from, to) as the file has them, from 0
  std::string channel;                  // interpolate
  std::vector<ChannelSource> channels;  // transform
  bool operator==(const Change&) const = default;
};
std::string to_text(const Change& change);  // "readings 20 to 45 are cut out"
Json to_json(const Change& change);

class Cleaning {
 public:
  static constexpr const char* kFile = "cleaning.json";

  // No file = no changes. Errors name the file and what is wrong in it.
  static Result<Cleaning> load(const std::filesystem::path& project_folder);
  // Replaces the file as a whole, or removes it when no step is left.
  Result<void> save(const std::filesystem::path& project_folder) const;

  // One more step. Errors: a file that cannot be read.
  Result<void> add(std::vector<Change> changes, const std::filesystem::path& project_folder);
  // Takes the last step back; what it had changed. REQUIRES: steps() > 0.
  std::vector<Change> undo();
  size_t steps() const { return steps_.size(); }
  size_t changes() const;

  bool leaves_out(const std::string& file) const { return left_out_.contains(file); }
  // Errors: the file is another one than when it was cleaned, or lacks a channel that a change names.
  Result<void> apply(const std::vector<std::string>& channels, const std::filesystem::path& project_folder,
                     Series& series) const;

 private:
  struct Step {
    std::vector<Change> changes;
  };
  static Result<Cleaning> parse(const Json& json);
  void index();

  std::vector<Step> steps_;
  std::map<std::string, std::string> fingerprints_;                        // of the files that are changed
  std::map<std::string, std::vector<std::pair<size_t, size_t>>> by_file_;  // step and change, in the order of the steps
  std::set<std::string> left_out_;
};

}  // namespace mote
