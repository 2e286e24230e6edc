// Where a project keeps what it makes: .mote/ (history and intermediate results) and build/ (the last good run).
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "toolchain/base/files.h"
#include "toolchain/base/json.h"
#include "toolchain/base/result.h"

namespace mote {

class Workspace {
 public:
  explicit Workspace(fs::path project_folder) : folder_(std::move(project_folder)) {}

  const fs::path& folder() const { return folder_; }
  fs::path hidden() const { return folder_ / ".mote"; }
  fs::path runs_database() const { return hidden() / "runs.db"; }
  fs::path run_folder(int64_t id) const { return hidden() / "runs" / std::to_string(id); }
  fs::path objects() const { return hidden() / "objects"; }  // compiled parts of the engine
  fs::path build() const { return folder_ / "build"; }
  fs::path build_model() const { return build() / "model.tflite"; }

  // One writer at a time: train, quantize and build hold it. The error names the process that does.
  Result<FileLock> lock() const;

  // Results of pipeline steps, by what they were made from: .mote/steps/<step>/<fingerprint>/ with result.json and
  // files. Nothing when the step has not been done for this fingerprint.
  std::optional<fs::path> find_step(const std::string& step, const std::string& fingerprint) const;
  // Call commit() when everything is in it; find_step() then finds it. Old results of the step make room.
  Result<StagedFolder> stage_step(const std::string& step, const std::string& fingerprint) const;
  fs::path step_folder(const std::string& step, const std::string& fingerprint) const;

  // Content fingerprint of files, which are read again only when size or time changed.
  Result<std::string> files_fingerprint(const std::vector<fs::path>& files) const;

 private:
  fs::path folder_;
};

// A path as people want to see it: relative to where they are when that is shorter.
std::string shown(const fs::path& path);

// Of a list of parts, and of the mote program that works on them.
std::string step_fingerprint(const Json& parts);

}  // namespace mote
