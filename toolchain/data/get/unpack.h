// Archives into folders.
#pragma once
#include <cstdint>

#include "toolchain/base/files.h"
#include "toolchain/base/progress.h"

namespace mote {

// Unpacks a zip or tar archive, compressed or not, into `folder`, without the first `strip` folders of each path. Only
// files and folders: links and the like, and what a Mac adds, are left out. Returns the number of files. Errors: it is
// no archive, damaged, or a path in it would lead out of the folder.
Result<int64_t> unpack(const fs::path& archive, const fs::path& folder, int32_t strip, const Progress& progress);

}  // namespace mote
