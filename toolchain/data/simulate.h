// The examples of examples/: their projects, and the simulated recorder that writes what a logger would have written.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

std::vector<std::string> example_names();  // "gestures", "soil"

// Writes mote.toml (with `project_name` in it) and the recordings into `folder`, which must be empty or not exist yet.
// The same seed gives the same bytes.
Result<void> write_example(const std::string& name, const std::string& project_name,
                           const std::filesystem::path& folder, uint64_t seed);

}  // namespace mote
