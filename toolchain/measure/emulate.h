// Runs a firmware image in QEMU with the counting plugin, or in the program that counts for an AVR.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/boards/boards.h"
#include "toolchain/measure/elf.h"

namespace mote {

// In a report: an AVR's stack reached the variables, and the run was broken off; it has no counts.
constexpr const char* kStackOverrun = "stack_overrun";

struct EmulatedRun {
  std::map<std::string, int64_t> report;  // "name number" lines that the program printed
  std::vector<Json> counts;               // see counter.c, simavr.c: one for each of EmulateOptions::windows
  std::vector<std::string> command;       // without counting: runs the same image alone
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

// Where the program is: in PATH, or for one of ours beside the plugin (empty: the default one). nullopt: it is missing.
std::optional<std::filesystem::path> find_emulator(const Emulator& emulator, const std::filesystem::path& counter = {});
// What to do when it is missing.
std::string emulator_advice(const Emulator& emulator);

// `elf` is `image` read. Errors: input when the emulator or plugin is missing; defect when the program does not end by
// itself, or does not open every window once, unless it reports kStackOverrun.
Result<EmulatedRun> emulate(const std::filesystem::path& image, const ElfFile& elf, const Emulator& emulator,
                            const EmulateOptions& options);

}  // namespace mote
