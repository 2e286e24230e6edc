#include "cli/latest_run.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cstdlib>

#include "cli/pipeline/pipeline.h"

namespace mote {

Result<LatestRun> find_run(const Workspace& workspace, int64_t id) {
  std::error_code failure;
  if (!fs::exists(workspace.runs_database(), failure))
    return input_error(fmt::format("{} has no runs yet: `mote build` makes one", shown(workspace.folder())));
  MOTE_TRY(RunsDatabase database, RunsDatabase::open(workspace.runs_database()));
  MOTE_TRY(std::optional<RunRecord> record, id == 0 ? database.newest() : database.find(id));
  if (!record && id == 0)
    return input_error(fmt::format("{} has no runs yet: `mote build` makes one", shown(workspace.folder())));
  if (!record) return input_error(fmt::format("there is no run {}: `mote runs` lists them", id));
  LatestRun run{std::move(*record), {}};
  run.folder = workspace.run_folder(run.record.id);
  if (!fs::exists(run.folder / kModelFile, failure))
    return input_error(fmt::format("{} is missing: `mote build` makes it again", shown(run.folder / kModelFile)));
  return run;
}

Result<fs::path> project_folder(const Session& session) {
  if (!session.project_folder.empty()) return session.project_folder;
  return find_project(".");
}

Result<fs::path> model_path(const Session& session, const std::string& given) {
  if (!given.empty()) return fs::path(given);
  MOTE_TRY(const fs::path folder, project_folder(session));
  MOTE_TRY(const LatestRun run, find_run(Workspace(folder), 0));
  return run.folder / kModelFile;
}

Result<const Board*> board_for(const Session& session, const std::string& given) {
  if (!given.empty()) return find_board(given);
  const Result<fs::path> folder = project_folder(session);
  if (!folder.ok())
    return input_error("no project here to take the board from: give --board NAME (`mote boards` lists them)");
  MOTE_TRY(const ProjectConfig project, load_project(*folder));
  return find_board(project.budget.board);
}

fs::path object_cache() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return fs::path(cache) / "mote";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') return fs::path(home) / ".cache/mote";
  return {};
}

Result<TemporaryFolder> TemporaryFolder::create() {
  std::error_code failure;
  std::string pattern = (fs::temp_directory_path(failure) / "mote-XXXXXX").string();
  if (failure || mkdtemp(pattern.data()) == nullptr)
    return input_error("no temporary folder can be made: set TMPDIR to a writable folder");
  return TemporaryFolder(pattern);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace mote
