#include "toolchain/measure/emulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "toolchain/base/files.h"
#include "toolchain/base/process.h"

namespace mote {
namespace {

std::map<std::string, int64_t> parse_report(const std::string& text) {
  std::map<std::string, int64_t> report;
  std::istringstream in(text);
  std::string line, name;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    int64_t value = 0;
    if (words >> name >> value) report[name] = value;
  }
  return report;
}

Result<fs::path> find_counter(const fs::path& wanted) {
  const fs::path counter = wanted.empty() ? default_counter() : wanted;
  std::error_code error;
  if (!fs::exists(counter, error)) {
    return input_error(
        fmt::format("the counting plugin '{}' is missing; it is built together with mote: build again, or keep it "
                    "beside the program",
                    counter.string()));
  }
  return fs::absolute(counter, error);
}

// QEMU separates the parts of an option by commas, and takes a doubled one for itself.
std::string escaped(const fs::path& path) {
  std::string text;
  for (const char c : path.string()) text += c == ',' ? std::string(",,") : std::string(1, c);
  return text;
}

Result<ProcessOutput> run_counted(std::vector<std::string> command, const fs::path& counter,
                                  const std::string& arguments, const EmulateOptions& options) {
  command.insert(command.end(), {"-plugin", escaped(counter) + "," + arguments});
  return run_process(command, options.timeout_seconds, options.folder);
}

// What the plugin is to be told.
Result<std::string> counter_arguments(const fs::path& image, const ElfFile& elf, const EmulateOptions& options) {
  std::string arguments = "out=counts.json";
  for (const CountWindow& window : options.windows) {
    const ElfSymbol* begin = elf.find(window.begin);
    const ElfSymbol* end = elf.find(window.end);
    if (!begin || !end) return defect(fmt::format("{} lacks {} or {}", image.string(), window.begin, window.end));
    arguments += fmt::format(",window=0x{:x}:0x{:x}", begin->address, end->address);
  }
  for (const StepFunction& step : options.steps) arguments += fmt::format(",step=0x{:x}:0x{:x}", step.begin, step.end);
  return arguments;
}

bool refuses_interface(const ProcessOutput& result) {
  return result.exit_status != 0 && result.errors.find("plugin requires API version") != std::string::npos;
}

}  // namespace

std::filesystem::path default_counter() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path() / "libmote_count.so";
}

Result<EmulatedRun> emulate(const std::filesystem::path& image, const ElfFile& elf, const Emulator& emulator,
                            const EmulateOptions& options) {
  if (!find_program(emulator.program)) {
    return input_error(fmt::format("{} is not installed; `apt-get install {}`, or see `mote doctor`", emulator.program,
                                   emulator.package));
  }
  MOTE_TRY(const fs::path counter, find_counter(options.counter));
  MOTE_TRY(const std::string arguments, counter_arguments(image, elf, options));
  EmulatedRun run;
  std::error_code error;
  run.command = {emulator.program};
  run.command.insert(run.command.end(), emulator.arguments.begin(), emulator.arguments.end());
  run.command.insert(run.command.end(), {"-nographic", "-monitor", "none", "-serial", "none", "-semihosting", "-kernel",
                                         fs::absolute(image, error).string()});
  fs::remove(options.folder / "counts.json", error);
  MOTE_TRY(ProcessOutput result, run_counted(run.command, counter, arguments, options));
  if (refuses_interface(result)) {
    const fs::path newer = counter.parent_path() / (counter.stem().string() + "_qemu9.so");
    MOTE_TRY(result, run_counted(run.command, newer, arguments, options));
  }
  if (result.timed_out) {
    return defect(fmt::format("{} did not end within {} s", image.string(), options.timeout_seconds));
  }
  if (result.exit_status != 0) {
    return defect(fmt::format("{} ended with status {} running {}:\n{}{}", emulator.program, result.exit_status,
                              image.string(), result.errors, result.output));
  }
  run.report = parse_report(result.errors + "\n" + result.output);
  MOTE_TRY(const Json counts, read_json(options.folder / "counts.json"));
  if (counts.size() != options.windows.size())
    return defect(fmt::format("{} opened {} of {} windows", image.string(), counts.size(), options.windows.size()));
  run.counts.assign(counts.begin(), counts.end());
  return run;
}

}  // namespace mote
