// The run that verbs work on when no file is named.
#pragma once
#include "cli/pipeline/workspace.h"
#include "cli/session.h"
#include "toolchain/boards/boards.h"
#include "toolchain/report/runs_database.h"

namespace mote {

struct LatestRun {
  RunRecord record;
  fs::path folder;  // with model.tflite and float.mote
};

// Run number `id`, or the newest for 0. The error says how to make one.
Result<LatestRun> find_run(const Workspace& workspace, int64_t id);

// The folder of the session's project.
Result<fs::path> project_folder(const Session& session);

// `given`, or the model of the project's newest run.
Result<fs::path> model_path(const Session& session, const std::string& given);

// The board called `given`, or that of the session's project.
Result<const Board*> board_for(const Session& session, const std::string& given);

// Compiled parts of the engine for measurements outside a pipeline: the user's cache folder.
fs::path object_cache();

// A folder that is gone with this object.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  const fs::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

}  // namespace mote
