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

struct EmulatedRun {
  std::map<std::string, int64_t> report;  // "name number" lines that the program printed
  Json counts;                            // of the plugin, see counter.c, or of simavr.c
  std::vector<std::string> command;       // without counting: runs the same image alone
};

// A function whose entries divide the count into parts.
struct StepFunction {
  uint32_t begin = 0, end = 0;  // addresses, the end behind the last
};

struct EmulateOptions {
  std::filesystem::path folder;   // working folder: the program's files are opened here
  std::filesystem::path counter;  // the plugin; empty: beside the running program
  double timeout_seconds = 300;
  std::vector<StepFunction> steps = {};
};

// The plugin's path when no other is given.
std::filesystem::path default_counter();

// Where the program is: in PATH, or for one of ours beside the plugin (empty: the default one). nullopt: it is missing.
std::optional<std::filesystem::path> find_emulator(const Emulator& emulator, const std::filesystem::path& counter = {});
// What to do when it is missing.
std::string emulator_advice(const Emulator& emulator);

// `elf` is `image` read; it has functions mote_mark_begin and mote_mark_end.
// Errors: input when the emulator or plugin is missing; defect when the program does not end by itself.
Result<EmulatedRun> emulate(const std::filesystem::path& image, const ElfFile& elf, const Emulator& emulator,
                            const EmulateOptions& options);

}  // namespace mote
