// Programs for the other end of `mote data record`: boards that send readings.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

// Writes the sender into `folder` and returns its files: "arduino", a sketch; or "emulated", firmware with a Makefile
// for the board that QEMU emulates. Never over a file that is there. Error: `kind` is neither.
Result<std::vector<std::filesystem::path>> write_sender(const std::string& kind, const std::filesystem::path& folder);

}  // namespace mote
