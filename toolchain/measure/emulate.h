// Runs a firmware image in QEMU with the counting plugin.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/boards/boards.h"
#include "toolchain/measure/elf.h"

namespace mote {

struct EmulatedRun {
  std::map<std::string, int64_t> report;  // "name number" lines that the program printed
  std::vector<Json> counts;               // of the plugin, see counter.c: one for each of EmulateOptions::windows
  std::vector<std::string> command;       // without the plugin: runs the same image alone
};

// A function whose entries divide the count into parts.
struct StepFunction {
  uint32_t begin = 0, end = 0;  // addresses, the end behind the last
  int32_t op = -1;              // number of the operator whose function it is; -1: several may have it in common
};

// Two functions of a program between whose first entries is counted.
struct CountWindow {
  const char *begin, *end;
};
constexpr CountWindow kSetupWindow = {"mote_setup_begin", "mote_setup_end"};
constexpr CountWindow kInferenceWindow = {"mote_mark_begin", "mote_mark_end"};

struct EmulateOptions {
  std::filesystem::path folder;   // working folder: the program's files are opened here
  std::filesystem::path counter;  // the plugin; empty: beside the running program
  double timeout_seconds = 300;
  std::vector<StepFunction> steps = {};
  std::vector<CountWindow> windows = {kInferenceWindow};  // in the order in which the program opens them
};

// The plugin's path when no other is given.
std::filesystem::path default_counter();

// `elf` is `image` read. Errors: input when the emulator or plugin is missing; defect when the program does not end by
// itself, or does not open every window once.
Result<EmulatedRun> emulate(const std::filesystem::path& image, const ElfFile& elf, const Emulator& emulator,
                            const EmulateOptions& options);

}  // namespace mote
