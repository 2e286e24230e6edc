// What every verb is given, and what it answers.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "cli/console.h"
#include "toolchain/base/result.h"

namespace mote {

// Exit status of a verb that did its work; errors become 2 (input) and 3 (defect).
enum class Outcome { done = 0, falls_short = 1 };

struct Session {
  Console& console;
  std::filesystem::path project_folder;  // --project, or empty: found by walking up to a mote.toml
  std::optional<uint64_t> seed;          // --seed
  int threads = 0;                       // --threads, MOTE_THREADS, or 0: chosen by the stage
};

}  // namespace mote
