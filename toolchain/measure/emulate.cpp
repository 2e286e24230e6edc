#include "toolchain/measure/emulate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "toolchain/base/files.h"
#include "toolchain/base/process.h"

namespace mote {
namespace {

constexpr const char* kCounts = "counts.json";  // in the working folder

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

// What the program that counts gets, as single words: between which addresses, in which parts, where to write.
Result<std::vector<std::string>> counter_arguments(const fs::path& image, const ElfFile& elf,
                                                   const EmulateOptions& options) {
  std::vector<std::string> arguments = {std::string("out=") + kCounts};
  for (const CountWindow& window : options.windows) {
    const ElfSymbol* begin = elf.find(window.begin);
    const ElfSymbol* end = elf.find(window.end);
    if (!begin || !end) return defect(fmt::format("{} lacks {} or {}", image.string(), window.begin, window.end));
    arguments.push_back(fmt::format("window=0x{:x}:0x{:x}", begin->address, end->address));
  }
  for (const StepFunction& step : options.steps)
    arguments.push_back(fmt::format("step=0x{:x}:0x{:x}", step.begin, step.end));
  return arguments;
}

bool refuses_interface(const ProcessOutput& result) {
  return result.exit_status != 0 && result.errors.find("plugin requires API version") != std::string::npos;
}

Result<ProcessOutput> run_qemu(const std::vector<std::string>& command, const std::vector<std::string>& arguments,
                               const EmulateOptions& options) {
  MOTE_TRY(const fs::path counter, find_counter(options.counter));
  const std::string joined = fmt::format("{}", fmt::join(arguments, ","));
  MOTE_TRY(ProcessOutput result, run_counted(command, counter, joined, options));
  if (!refuses_interface(result)) return result;
  return run_counted(command, counter.parent_path() / (counter.stem().string() + "_qemu9.so"), joined, options);
}

Result<ProcessOutput> run_simavr(std::vector<std::string> command, const std::vector<std::string>& arguments,
                                 const ElfFile& elf, const EmulateOptions& options) {
  command.insert(command.end(), arguments.begin(), arguments.end());
  if (const ElfSymbol* variables = elf.find("__bss_end"))
    command.push_back(fmt::format("stack=0x{:x}", variables->address & 0xffff));
  return run_process(command, options.timeout_seconds, options.folder);
}

}  // namespace

std::filesystem::path default_counter() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path() / "libmote_count.so";
}

std::optional<std::filesystem::path> find_emulator(const Emulator& emulator, const std::filesystem::path& counter) {
  if (!emulator.beside_mote) return find_program(emulator.program);
  std::error_code error;
  const fs::path path = (counter.empty() ? default_counter() : counter).parent_path() / emulator.program;
  if (!fs::exists(path, error)) return std::nullopt;
  return fs::absolute(path, error);
}

std::string emulator_advice(const Emulator& emulator) {
  return fmt::format("`apt-get install {}`{}", emulator.package,
                     emulator.beside_mote ? " and build mote again, which makes it from that" : "");
}

Result<EmulatedRun> emulate(const std::filesystem::path& image, const ElfFile& elf, const Emulator& emulator,
                            const EmulateOptions& options) {
  const auto program = find_emulator(emulator, options.counter);
  if (!program)
    return input_error(
        fmt::format("{} is not installed; {}, or see `mote doctor`", emulator.program, emulator_advice(emulator)));
  MOTE_TRY(const std::vector<std::string> arguments, counter_arguments(image, elf, options));
  EmulatedRun run;
  std::error_code error;
  run.command = {emulator.beside_mote ? program->string() : emulator.program};
  run.command.insert(run.command.end(), emulator.arguments.begin(), emulator.arguments.end());
  if (!emulator.beside_mote)
    run.command.insert(run.command.end(),
                       {"-nographic", "-monitor", "none", "-serial", "none", "-semihosting", "-kernel"});
  run.command.push_back(fs::absolute(image, error).string());
  fs::remove(options.folder / kCounts, error);
  MOTE_TRY(const ProcessOutput result, emulator.beside_mote ? run_simavr(run.command, arguments, elf, options)
                                                            : run_qemu(run.command, arguments, options));
  if (result.timed_out) {
    return defect(fmt::format("{} did not end within {} s", image.string(), options.timeout_seconds));
  }
  if (result.exit_status != 0) {
    return defect(fmt::format("{} ended with status {} running {}:\n{}{}", emulator.program, result.exit_status,
                              image.string(), result.errors, result.output));
  }
  run.report = parse_report(result.errors + "\n" + result.output);
  if (run.report.contains(kStackOverrun)) return run;
  if (fs::file_size(options.folder / kCounts, error) == 0 && !error)
    return input_error((options.folder / kCounts).string() +
                       ": the emulator could not write its counts: is the disk full? Free some space and run the command "
                       "again");
  MOTE_TRY(const Json counts, read_json(options.folder / kCounts));
  if (counts.size() != options.windows.size())
    return defect(fmt::format("{} opened {} of {} windows", image.string(), counts.size(), options.windows.size()));
  run.counts.assign(counts.begin(), counts.end());
  return run;
}

}  // namespace mote
