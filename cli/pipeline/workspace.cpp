#include "cli/pipeline/workspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace mote {
namespace {

constexpr const char* kResultFile = "result.json";
constexpr size_t kKeptResults = 8;  // per step: going back to an earlier setting costs nothing

// Removes what killed processes left unfinished, and the least recently used results beyond kKeptResults. What cannot
// be removed stays: it only costs disk. REQUIRES: the workspace's lock is held, so nobody else is writing a result.
void make_room(const fs::path& step_folder) {
  std::error_code ignored;
  std::vector<fs::path> unfinished;
  std::vector<std::pair<fs::file_time_type, fs::path>> results;
  for (const fs::directory_entry& entry : fs::directory_iterator(step_folder, ignored))
    if (fs::exists(entry.path() / kResultFile, ignored))
      results.emplace_back(entry.last_write_time(ignored), entry.path());
    else
      unfinished.push_back(entry.path());
  for (const fs::path& folder : unfinished) fs::remove_all(folder, ignored);
  std::sort(results.begin(), results.end());
  for (size_t i = 0; i + kKeptResults <= results.size(); ++i) fs::remove_all(results[i].second, ignored);
}

// Changes whenever the program is built anew: its results may differ then.
std::string program_identity() {
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  const auto size = fs::file_size(program, failure);
  const auto time = fs::last_write_time(program, failure).time_since_epoch().count();
  return fmt::format("{} {} {}", MOTE_VERSION, size, time);
}

}  // namespace

Result<FileLock> Workspace::lock() const {
  std::error_code failure;
  fs::create_directories(hidden(), failure);
  if (failure) return input_error(fmt::format("{}: cannot be created: {}", hidden().string(), failure.message()));
  return FileLock::acquire(hidden() / "lock", "training or building of this project");
}

fs::path Workspace::step_folder(const std::string& step, const std::string& fingerprint) const {
  return hidden() / "steps" / step / fingerprint;
}

std::optional<fs::path> Workspace::find_step(const std::string& step, const std::string& fingerprint) const {
  std::error_code ignored;
  const fs::path folder = step_folder(step, fingerprint);
  if (!fs::exists(folder / kResultFile, ignored)) return std::nullopt;
  fs::last_write_time(folder, fs::file_time_type::clock::now(), ignored);
  return folder;
}

Result<StagedFolder> Workspace::stage_step(const std::string& step, const std::string& fingerprint) const {
  make_room(hidden() / "steps" / step);
  return StagedFolder::create(step_folder(step, fingerprint));
}

Result<std::string> Workspace::files_fingerprint(const std::vector<fs::path>& files) const {
  const fs::path cache_path = hidden() / "files.json";
  Json known = Json::object();
  std::error_code failure;
  if (fs::exists(cache_path, failure))
    if (Result<Json> cache = read_json(cache_path); cache.ok() && cache->is_object()) known = std::move(*cache);
  Json current = Json::object();
  Json contents = Json::array();
  for (const fs::path& file : files) {
    const auto size = fs::file_size(file, failure);
    const auto time = failure ? 0 : fs::last_write_time(file, failure).time_since_epoch().count();
    if (failure) return input_error(fmt::format("{}: cannot be read: {}", file.string(), failure.message()));
    const std::string stamp = fmt::format("{} {}", size, time);
    const std::string name = file.lexically_proximate(folder_).string();
    const auto seen = known.find(name);
    const bool valid = seen != known.end() && seen->is_object() && seen->value("stamp", Json()) == Json(stamp) &&
                       seen->contains("content");
    if (valid) {
      current[name] = *seen;
    } else {
      MOTE_TRY(const std::vector<uint8_t> bytes, read_file(file));
      current[name] = {{"stamp", stamp}, {"content", fingerprint(bytes)}};
    }
    contents.push_back({name, current[name]["content"]});
  }
  if (current != known) MOTE_CHECK(write_json(cache_path, current));
  return fingerprint(contents.dump());
}

std::string shown(const fs::path& path) {
  std::error_code failure;
  const std::string relative = fs::proximate(path, failure).string();
  return failure || relative.empty() || relative.size() >= path.string().size() ? path.string() : relative;
}

std::string step_fingerprint(const Json& parts) {
  static const std::string program = program_identity();
  return fingerprint(program + parts.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace mote
