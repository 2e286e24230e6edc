#include "toolchain/data/record/recording_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mote {
namespace {

constexpr int kMostFiles = 1'000'000;  // of one stem

// The entry in the folder is a write of its own.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

Result<RecordingFile> RecordingFile::create(const fs::path& folder, const std::string& stem, int number,
                                            std::string_view head) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code)
    return input_error(
        fmt::format("{}: cannot create the folder: {}; choose another with -o", folder.string(), code.message()));
  for (; number < kMostFiles; ++number) {
    fs::path path = folder / fmt::format("{}_{:02}.csv", stem, number);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor < 0 && errno == EEXIST) continue;
    if (descriptor < 0)
      return input_error(fmt::format("{}: cannot create the file: {}", path.string(), std::strerror(errno)));
    RecordingFile file(descriptor, std::move(path));
    sync_folder(folder);
    MOTE_CHECK(file.append(head));
    return file;
  }
  return input_error(fmt::format("{}: a million recordings of this name; choose another folder", folder.string()));
}

RecordingFile::RecordingFile(RecordingFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      size_(other.size_),
      synced_(other.synced_) {}

RecordingFile::~RecordingFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> RecordingFile::failed(const char* action) const {
  const int code = errno;
  return input_error(fmt::format("{}: cannot {}: {}{}; what was written before is kept", path_.string(), action,
                                 std::strerror(code), code == ENOSPC ? ": free some space" : ""));
}

Result<void> RecordingFile::append(std::string_view text) {
  const size_t size = size_ + text.size();
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const Error error = failed("write the file").error();
      if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) return error;  // no row by halves, if it can be
      return error;
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
  size_ = size;
  const auto now = std::chrono::steady_clock::now();
  if (std::chrono::duration<double>(now - synced_).count() < kSyncSeconds) return {};
  synced_ = now;
  if (::fdatasync(descriptor_) != 0) return failed("bring the file to the disk");
  return {};
}

Result<void> RecordingFile::close() {
  const bool synced = ::fdatasync(descriptor_) == 0;
  const bool closed = ::close(std::exchange(descriptor_, -1)) == 0;
  if (!synced || !closed) return failed("bring the file to the disk");
  return {};
}

}  // namespace mote
