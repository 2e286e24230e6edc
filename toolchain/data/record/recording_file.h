// A CSV file that grows while readings arrive.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "toolchain/base/files.h"

namespace mote {

// What was appended is with the kernel at once, so that it outlives the program, and on the disk within
// kSyncSeconds, so that it outlives a power cut.
class RecordingFile {
 public:
  static constexpr double kSyncSeconds = 0.2;

  // <folder>/<stem>_<n>.csv with the least n >= `number` that is not taken; never an existing file. `head` comes first.
  static Result<RecordingFile> create(const fs::path& folder, const std::string& stem, int number,
                                      std::string_view head);
  RecordingFile(RecordingFile&& other) noexcept;
  RecordingFile& operator=(RecordingFile&&) = delete;
  ~RecordingFile();

  // All of `text` or nothing. Error: the disk is full, ...: what was appended before stays.
  Result<void> append(std::string_view text);
  Result<void> close();
  const fs::path& path() const { return path_; }

 private:
  RecordingFile(int descriptor, fs::path path) : descriptor_(descriptor), path_(std::move(path)) {}
  Result<void> failed(const char* action) const;

  int descriptor_;
  fs::path path_;
  size_t size_ = 0;
  std::chrono::steady_clock::time_point synced_ = std::chrono::steady_clock::now();
};

}  // namespace mote
