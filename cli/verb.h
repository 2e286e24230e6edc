// The contract of one verb of the command. cli/verbs.def is the only list of them.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
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

using Run = std::function<Result<Outcome>(Session&)>;

struct Verb {
  const char* name;     // "train"; "data check" is the verb `check` below `data`
  const char* summary;  // one line for the list
  const char* details;  // what --help adds
  Run (*configure)(CLI::App& command);  // adds options and arguments; the returned function owns their values
};

}  // namespace mote
