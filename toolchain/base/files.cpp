#include "toolchain/base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace mote {

namespace {

Error system_error(std::string_view action, const fs::path& path, int code) {
  std::string hint;
  if (code == ENOSPC || code == EDQUOT)
    hint = ": free some space and run the command again; earlier results are intact";
  return input_error(fmt::format("{}: cannot {}: {}{}", path.string(), action, std::strerror(code), hint));
}

// Unique within the machine: two processes, or two threads, never stage the same name.
fs::path staging_path(const fs::path& destination) {
  static std::atomic<unsigned> counter{0};
  fs::path name = destination.filename();
  name += fmt::format(".{}.{}.partial", getpid(), counter++);
  return destination.parent_path() / name;
}

Result<void> make_parent(const fs::path& path) {
  if (path.parent_path().empty()) return {};
  std::error_code code;
  fs::create_directories(path.parent_path(), code);
  if (code) return system_error("create the folder", path.parent_path(), code.value());
  return {};
}

int write_all(int descriptor, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return 0;
}

// Matches one path component against * and ?.
bool matches(std::string_view text, std::string_view pattern) {
  size_t t = 0, p = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || (pattern[p] != '*' && pattern[p] == text[t]))) {
      ++t, ++p;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Whether it is a link to a folder that it was reached through.
bool leads_back(const fs::directory_entry& entry) {
  std::error_code code;
  if (!entry.is_symlink(code)) return false;
  for (fs::path above = entry.path().parent_path(); !above.empty(); above = above.parent_path()) {
    if (fs::equivalent(above, entry.path(), code)) return true;
    if (above == above.parent_path()) break;
  }
  return false;
}

Result<void> expand(const fs::path& folder, std::span<const std::string> parts, std::vector<fs::path>& found) {
  const std::string& part = parts.front();
  const bool last = parts.size() == 1;
  if (part == "..") {
    if (last) return {};
    return expand(folder / part, parts.subspan(1), found);
  }
  std::error_code code;
  if (part.find_first_of("*?") == std::string::npos) {
    const fs::path path = folder / part;
    if (last && fs::exists(path, code)) found.push_back(path);
    if (!last && fs::is_directory(path, code)) return expand(path, parts.subspan(1), found);
    return {};
  }
  if (part == "**" && !last) MOTE_CHECK(expand(folder, parts.subspan(1), found));
  fs::directory_iterator entries(folder, code);
  if (code) return system_error("list the folder", folder, code.value());
  for (const fs::directory_entry& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') && !part.starts_with('.')) continue;
    const bool is_folder = entry.is_directory(code);
    if (part == "**") {
      if (is_folder && !leads_back(entry)) MOTE_CHECK(expand(entry.path(), parts, found));
      if (last && !is_folder) found.push_back(entry.path());
    } else if (matches(name, part)) {
      if (last) found.push_back(entry.path());
      if (!last && is_folder) MOTE_CHECK(expand(entry.path(), parts.subspan(1), found));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<uint8_t>> read_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_error("open the file", path, errno);
  std::vector<uint8_t> bytes;
  size_t used = 0;
  for (;;) {
    if (bytes.size() - used < 4096) bytes.resize(std::max<size_t>(65536, bytes.size() * 2));
    const ssize_t got = ::read(descriptor, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int code = errno;
      ::close(descriptor);
      return system_error("read the file", path, code);
    }
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  ::close(descriptor);
  bytes.resize(used);
  return bytes;
}

Result<std::string> read_text(const fs::path& path) {
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(path));
  return std::string(bytes.begin(), bytes.end());
}

Result<void> write_file(const fs::path& path, std::span<const uint8_t> bytes) {
  MOTE_CHECK(make_parent(path));
  const fs::path staging = staging_path(path);
  const int descriptor = ::open(staging.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return system_error("create the file", path, errno);
  int code = write_all(descriptor, bytes);
  if (code == 0 && ::fsync(descriptor) != 0) code = errno;
  if (::close(descriptor) != 0 && code == 0) code = errno;
  if (code == 0 && ::rename(staging.c_str(), path.c_str()) != 0) code = errno;
  if (code == 0) return {};
  ::unlink(staging.c_str());
  return system_error("write the file", path, code);
}

Result<void> write_file(const fs::path& path, std::string_view text) {
  return write_file(path, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

StagedFolder::StagedFolder(fs::path staging, fs::path destination)
    : staging_(std::move(staging)), destination_(std::move(destination)) {}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : staging_(std::exchange(other.staging_, {})), destination_(std::move(other.destination_)) {}

Result<StagedFolder> StagedFolder::create(const fs::path& destination) {
  MOTE_CHECK(make_parent(destination));
  fs::path staging = staging_path(destination);
  std::error_code code;
  fs::create_directory(staging, code);
  if (code) return system_error("create the folder", staging, code.value());
  return StagedFolder(std::move(staging), destination);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
}

Result<void> StagedFolder::commit() {
  // A folder cannot be renamed over one that is not empty: the old one steps aside first and goes last.
  std::error_code code;
  const fs::path aside = staging_path(destination_);
  const bool replaces = fs::exists(destination_, code);
  if (replaces && ::rename(destination_.c_str(), aside.c_str()) != 0)
    return system_error("replace the folder", destination_, errno);
  if (::rename(staging_.c_str(), destination_.c_str()) != 0) {
    const int reason = errno;
    if (replaces && ::rename(aside.c_str(), destination_.c_str()) != 0)
      return system_error(fmt::format("put back {} as", aside.string()), destination_, errno);
    return system_error("write the folder", destination_, reason);
  }
  staging_.clear();
  fs::remove_all(aside, code);
  return {};
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<FileLock> FileLock::acquire(const fs::path& path, std::string_view what) {
  MOTE_CHECK(make_parent(path));
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return system_error("open the lock", path, errno);
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("lock the file", path, errno);
    char holder[32] = {};
    const ssize_t got = ::pread(descriptor, holder, sizeof holder - 1, 0);
    return input_error(fmt::format("{} is already being done here by process {}: wait until it ends, or stop it ({})",
                                   what, got > 0 ? holder : "(unknown)", path.string()));
  }
  const std::string self = std::to_string(getpid());
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, self.data(), self.size(), 0) < 0)
    return system_error("write the lock", path, errno);
  return lock;
}

Result<std::vector<fs::path>> glob(const fs::path& folder, const std::string& pattern) {
  std::vector<std::string> parts;
  for (const fs::path& part : fs::path(pattern).relative_path())
    if (!part.empty() && part != ".") parts.push_back(part.string());
  std::vector<fs::path> found;
  if (parts.empty()) return found;
  MOTE_CHECK(expand(fs::path(pattern).is_absolute() ? fs::path(pattern).root_path() : folder, parts, found));
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::string fingerprint(std::span<const uint8_t> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string fingerprint(std::string_view text) {
  return fingerprint(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace mote
