#include "toolchain/report/runs_database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <iterator>
#include <utility>

namespace mote {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, fingerprint TEXT NOT "
    "NULL,"
    " data_fingerprint TEXT NOT NULL, config TEXT NOT NULL, metrics TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS runs_fingerprint ON runs(fingerprint);"
    "CREATE TABLE IF NOT EXISTS numbers (last INTEGER NOT NULL);";
// What brings a file of version i (its PRAGMA user_version) to version i + 1.
constexpr const char* kMigrations[] = {
    "ALTER TABLE runs ADD COLUMN code_fingerprint TEXT NOT NULL DEFAULT ''; PRAGMA user_version = 1;"};
constexpr int64_t kVersion = std::size(kMigrations);
constexpr int kBusyMilliseconds = 5000;  // another process may be writing its run

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

std::string column(sqlite3_stmt* statement, int index) {
  const unsigned char* text = sqlite3_column_text(statement, index);
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

void bind_text(sqlite3_stmt* statement, int index, const std::string& text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

}  // namespace

struct RunsDatabase::State {
  sqlite3* handle = nullptr;
  std::string path;

  ~State() { sqlite3_close(handle); }
  Error failure(const char* what) const {
    return input_error(fmt::format("{}: {}: {}; if the file is damaged, move it away: mote starts a new one", path,
                                   what, sqlite3_errmsg(handle)));
  }
  Result<void> execute(const char* sql) {
    if (sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
      return failure("cannot write the runs database");
    return {};
  }
  // One transaction, so that another process sees a file of one version.
  Result<void> migrate() {
    MOTE_CHECK(execute("BEGIN IMMEDIATE;"));
    int64_t version = 0;
    {
      MOTE_TRY(Statement statement, prepare("PRAGMA user_version"));
      if (sqlite3_step(statement.get()) != SQLITE_ROW) return failure("cannot read the runs database");
      version = sqlite3_column_int64(statement.get(), 0);
    }
    if (version > kVersion)
      return input_error(
          fmt::format("{}: written by a later mote (version {} of the file, this mote reads up to {}); "
                      "use that one",
                      path, version, kVersion));
    MOTE_CHECK(execute(kSchema));
    for (; version < kVersion; ++version) MOTE_CHECK(execute(kMigrations[version]));
    return execute("COMMIT;");
  }
  Result<Statement> prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      return failure("cannot read the runs database");
    return Statement(statement);
  }
};

RunsDatabase::RunsDatabase(std::unique_ptr<State> state) : state_(std::move(state)) {}
RunsDatabase::RunsDatabase(RunsDatabase&&) noexcept = default;
RunsDatabase::~RunsDatabase() = default;

Result<RunsDatabase> RunsDatabase::open(const std::filesystem::path& path) {
  std::error_code ignored;  // a folder that cannot be made shows in sqlite3_open
  std::filesystem::create_directories(path.parent_path(), ignored);
  auto state = std::make_unique<State>();
  state->path = path.string();
  if (sqlite3_open(path.c_str(), &state->handle) != SQLITE_OK) return state->failure("cannot open the runs database");
  sqlite3_busy_timeout(state->handle, kBusyMilliseconds);
  MOTE_CHECK(state->migrate());
  return RunsDatabase(std::move(state));
}

Result<int64_t> RunsDatabase::next_id() {
  MOTE_CHECK(
      state_->execute("BEGIN IMMEDIATE; INSERT INTO numbers SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM numbers);"
                      "UPDATE numbers SET last = 1 + max(last, coalesce((SELECT max(id) FROM runs), 0)); COMMIT;"));
  MOTE_TRY(Statement statement, state_->prepare("SELECT last FROM numbers"));
  if (sqlite3_step(statement.get()) != SQLITE_ROW) return state_->failure("cannot read the runs database");
  return int64_t{sqlite3_column_int64(statement.get(), 0)};
}

Result<void> RunsDatabase::insert(const RunRecord& run) {
  MOTE_TRY(Statement statement,
           state_->prepare("INSERT INTO runs (id, time, fingerprint, data_fingerprint, config, metrics, "
                           "code_fingerprint) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  sqlite3_bind_int64(statement.get(), 1, run.id);
  bind_text(statement.get(), 2, run.time);
  bind_text(statement.get(), 3, run.fingerprint);
  bind_text(statement.get(), 4, run.data_fingerprint);
  bind_text(statement.get(), 5, run.config);
  bind_text(statement.get(), 6, run.metrics.dump());
  bind_text(statement.get(), 7, run.code_fingerprint);
  if (sqlite3_step(statement.get()) != SQLITE_DONE) return state_->failure("cannot write the runs database");
  return {};
}

Result<std::vector<RunRecord>> RunsDatabase::select(const std::string& condition, const std::string& argument) {
  MOTE_TRY(
      Statement statement,
      state_->prepare("SELECT id, time, fingerprint, data_fingerprint, config, metrics, code_fingerprint FROM runs " +
                      condition));
  if (sqlite3_bind_parameter_count(statement.get()) == 1) bind_text(statement.get(), 1, argument);
  std::vector<RunRecord> runs;
  int status = 0;
  while ((status = sqlite3_step(statement.get())) == SQLITE_ROW) {
    RunRecord run{sqlite3_column_int64(statement.get(), 0),
                  column(statement.get(), 1),
                  column(statement.get(), 2),
                  column(statement.get(), 3),
                  column(statement.get(), 6),
                  column(statement.get(), 4),
                  Json()};
    MOTE_TRY(run.metrics, parse_json(fmt::format("{}, run {}", state_->path, run.id), column(statement.get(), 5)));
    runs.push_back(std::move(run));
  }
  if (status != SQLITE_DONE) return state_->failure("cannot read the runs database");
  return runs;
}

Result<std::vector<RunRecord>> RunsDatabase::all() {
  return select("ORDER BY id", "");
}

namespace {
Result<std::optional<RunRecord>> first(Result<std::vector<RunRecord>> runs) {
  if (!runs.ok()) return runs.error();
  if (runs->empty()) return std::optional<RunRecord>();
  return std::optional<RunRecord>(std::move(runs->front()));
}
}  // namespace

Result<std::optional<RunRecord>> RunsDatabase::find(int64_t id) {
  return first(select("WHERE id = CAST(?1 AS INTEGER)", std::to_string(id)));
}
Result<std::optional<RunRecord>> RunsDatabase::newest() {
  return first(select("ORDER BY id DESC LIMIT 1", ""));
}
Result<std::optional<RunRecord>> RunsDatabase::newest_with(const std::string& fingerprint) {
  return first(select("WHERE fingerprint = ?1 ORDER BY id DESC LIMIT 1", fingerprint));
}

}  // namespace mote
