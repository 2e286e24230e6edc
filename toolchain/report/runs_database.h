// Every run of a project, in .mote/runs.db (SQLite).
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"

namespace mote {

struct RunRecord {
  int64_t id = 0;                // also the name of its folder in .mote/runs/
  std::string time;              // UTC, "2025-03-01T14:05:09Z"
  std::string fingerprint;       // of everything the run depends on: equal fingerprint, equal artefacts
  std::string data_fingerprint;  // of the recordings alone
  std::string code_fingerprint;  // of the program that made it; empty: by a mote that did not record it
  std::string config;            // mote.toml as it was
  Json metrics;                  // metrics.json
};

class RunsDatabase {
 public:
  // Creates the file and its table when missing, and brings those of earlier versions up to date. Errors name the path
  // and SQLite's reason (full disk, not a database); a file of a later version is refused.
  static Result<RunsDatabase> open(const std::filesystem::path& path);
  RunsDatabase(RunsDatabase&&) noexcept;
  RunsDatabase& operator=(RunsDatabase&&) = delete;
  ~RunsDatabase();

  // Numbers are not used again, even after a run was removed or never finished.
  Result<int64_t> next_id();
  Result<void> insert(const RunRecord& run);
  Result<std::vector<RunRecord>> all();  // oldest first
  Result<std::optional<RunRecord>> find(int64_t id);
  Result<std::optional<RunRecord>> newest();
  Result<std::optional<RunRecord>> newest_with(const std::string& fingerprint);

 private:
  struct State;
  explicit RunsDatabase(std::unique_ptr<State> state);
  Result<std::vector<RunRecord>> select(const std::string& condition, const std::string& argument);
  std::unique_ptr<State> state_;
};

}  // namespace mote
