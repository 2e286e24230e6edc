// One file over HTTP: resumed where it was cut, checked, and kept.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "toolchain/base/files.h"
#include "toolchain/base/progress.h"

namespace mote {

struct DownloadRequest {
  std::string address;
  fs::path destination;  // a part is kept beside it as <destination>.part
  int64_t bytes = 0;     // 0 = not known
  std::string sha256;    // empty = not known
  std::string agent;     // what the program calls itself: "mote/0.1.0"
};

struct DownloadHooks {
  Progress progress;
  std::function<bool()> cancelled;                           // may be empty
  std::function<void(const std::string&)> notice = nullptr;  // one line for people; may be empty
};

struct DownloadedFile {
  std::string sha256;  // of the whole
  int64_t bytes = 0;
  bool cached = false;  // it was there already
  int64_t resumed = 0;  // bytes that an earlier try had left
};

// Errors: the server cannot be reached (`offline` is then set, if it is given), refuses, or sends another file than
// expected, which is then removed. A part stays when the connection was cut or the user interrupted: the next call goes
// on from there.
Result<DownloadedFile> download(const DownloadRequest& request, const DownloadHooks& hooks, bool* offline = nullptr);

// 64 hexadecimal digits.
Result<std::string> file_sha256(const fs::path& path);

}  // namespace mote
