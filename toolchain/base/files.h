// Files: whole-file reads, writes that never leave half a file behind, and a lock between processes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

namespace fs = std::filesystem;

// The whole file. Errors name the path and the system's reason.
Result<std::vector<uint8_t>> read_file(const fs::path& path);
Result<std::string> read_text(const fs::path& path);

// Writes beside `path`, flushes to disk, then renames over it: readers see the old file or the new one, and a full disk
// or a kill leaves the old one. Creates missing parent folders.
Result<void> write_file(const fs::path& path, std::span<const uint8_t> bytes);
Result<void> write_file(const fs::path& path, std::string_view text);

// A folder made beside its destination and renamed over it by commit(); removed by the destructor if never committed.
class StagedFolder {
 public:
  static Result<StagedFolder> create(const fs::path& destination);
  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;
  ~StagedFolder();
  const fs::path& path() const { return staging_; }
  Result<void> commit();  // replaces an existing destination

 private:
  StagedFolder(fs::path staging, fs::path destination);
  fs::path staging_, destination_;
};

// Exclusive advisory lock on a file, held until destruction (also freed by the kernel when the process dies).
class FileLock {
 public:
  // Fails at once, with an input error that names the holder's process id, if another process holds it.
  static Result<FileLock> acquire(const fs::path& path, std::string_view what);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// Paths below `folder` that match a glob with *, ? and ** in any component, sorted. "*" does not match a leading dot.
Result<std::vector<fs::path>> glob(const fs::path& folder, const std::string& pattern);

// 32 hexadecimal digits (XXH3, 128 bits) of the bytes: equal content, equal fingerprint.
std::string fingerprint(std::span<const uint8_t> bytes);
std::string fingerprint(std::string_view text);

}  // namespace mote
