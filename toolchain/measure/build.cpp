#include "toolchain/measure/build.h"

#include <fmt/format.h>

#include <algorithm>

#include "toolchain/base/files.h"
#include "toolchain/base/process.h"

namespace mote {
namespace {

constexpr const char* kDiskFull = "No space left on device";  // in the words of compiler and linker
constexpr double kCompileSeconds = 120;
constexpr int64_t kEmulatorMemory = 4 << 20;  // of each of the two regions: the smallest emulated machine has so much
constexpr int64_t kSixteenBitRam = 60 << 10;  // with separate memories, where data have addresses of 16 bits

Result<std::string> run_compiler(const CrossCompiler& compiler, const std::vector<std::string>& arguments,
                                 const fs::path& folder) {
  std::vector<std::string> command = {compiler.program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  MOTE_TRY(const ProcessOutput result, run_process(command, kCompileSeconds, folder));
  if (result.timed_out || result.exit_status != 0) {
    if (result.errors.find(kDiskFull) != std::string::npos)
      return input_error(
          fmt::format("{}: {} found the disk full: free some space and run the command again; earlier "
                      "results are intact",
                      folder.string(), compiler.program));
    return defect(fmt::format("{} {} in {}:\n{}", compiler.program, result.timed_out ? "did not end" : "failed",
                              folder.string(), result.errors));
  }
  return result.output;
}

// Of the compiler and of every source and header in the folder that is not about one model.
Result<std::string> shared_fingerprint(const Firmware& firmware, const CrossCompiler& compiler) {
  MOTE_TRY(std::string all, run_compiler(compiler, {"--version"}, firmware.folder));
  std::vector<std::string> own;
  for (const FirmwareSource& source : firmware.sources) {
    if (!source.shared) own.push_back(source.path);
  }
  std::vector<fs::path> headers;
  for (const auto& entry : fs::recursive_directory_iterator(firmware.folder)) {
    if (entry.path().extension() == ".h") headers.push_back(entry.path());
  }
  std::sort(headers.begin(), headers.end());
  for (const fs::path& header : headers) {
    MOTE_TRY(const std::string text, read_text(header));
    all += fs::relative(header, firmware.folder).string() + "\n" + text;
  }
  return fingerprint(all);
}

class Builder {
 public:
  Builder(const Firmware& firmware, const CrossCompiler& compiler, fs::path cache, std::string shared)
      : firmware_(firmware), compiler_(compiler), cache_(std::move(cache)), shared_(std::move(shared)) {}

  // The object's path, as the linker and its map are to name it.
  Result<fs::path> object(const FirmwareSource& source) const {
    fs::path path = fs::path("objects") / (source.path + ".o");
    if (!source.shared) {
      MOTE_CHECK(compile(source, path));
      return path;
    }
    MOTE_TRY(std::string key, read_text(firmware_.folder / source.path));
    for (const std::string& flag : source.flags) key += "\n" + flag;
    const fs::path kept = cache_ / (fingerprint(key + shared_) + "-" + source.path + ".o");
    std::error_code error;
    if (!fs::exists(kept, error)) {
      const fs::path fresh = kept.string() + fmt::format(".{}", static_cast<const void*>(this));
      MOTE_CHECK(compile(source, fresh));
      fs::rename(fresh, kept, error);  // another process may have been first: the content is the same
    }
    return kept;
  }

 private:
  Result<void> compile(const FirmwareSource& source, const fs::path& object) const {
    std::vector<std::string> arguments = source.flags;
    arguments.insert(arguments.end(), {"-c", "-o", object.string(), source.path});
    MOTE_TRY(const std::string ignored, run_compiler(compiler_, arguments, firmware_.folder));
    return {};
  }

  const Firmware& firmware_;
  const CrossCompiler& compiler_;
  fs::path cache_;
  std::string shared_;
};

// A memory.ld with the emulator's sizes; the one in the folder has the board's.
Result<void> write_wide_memory(const Firmware& firmware, const Board& board) {
  const int64_t ram_bytes = board.compiler->separate_memories ? kSixteenBitRam : kEmulatorMemory;
  return write_file(firmware.folder / "objects" / "memory.ld", memory_script(board, kEmulatorMemory, ram_bytes));
}

}  // namespace

Result<bool> has_c_library(const CrossCompiler& compiler) {
  // A file that the compiler does not find is printed as it was asked for, without a folder.
  MOTE_TRY(const std::string found, run_compiler(compiler, {"-print-file-name=" + compiler.library}, "."));
  return found.find('/') != std::string::npos;
}

Result<BuiltImage> build_firmware(const Firmware& firmware, const Board& board, const std::filesystem::path& cache) {
  const CrossCompiler& compiler = *board.compiler;
  if (!find_program(compiler.program)) {
    return input_error(fmt::format("{} is not installed; `apt-get install {}`, or see `mote doctor`", compiler.program,
                                   compiler.package));
  }
  MOTE_TRY(const bool library, has_c_library(compiler));
  if (!library) {
    return input_error(fmt::format("{} has no C library; `apt-get install {}`, or see `mote doctor`", compiler.program,
                                   compiler.library_package));
  }
  std::error_code error;
  fs::create_directories(firmware.folder / "objects", error);
  fs::create_directories(cache, error);
  const fs::path kept = fs::absolute(cache, error);
  MOTE_CHECK(write_wide_memory(firmware, board));
  MOTE_TRY(const std::string shared, shared_fingerprint(firmware, compiler));
  const Builder builder(firmware, compiler, kept, shared);
  std::vector<std::string> link = {"-o", "firmware.elf", "-Lobjects", "-Wl,-Map=objects/firmware.map"};
  for (const FirmwareSource& source : firmware.sources) {
    MOTE_TRY(const fs::path object, builder.object(source));
    link.push_back(object.string());
  }
  link.insert(link.end(), firmware.link_flags.begin(), firmware.link_flags.end());
  MOTE_TRY(const std::string ignored, run_compiler(compiler, link, firmware.folder));
  MOTE_TRY(const std::string map, read_text(firmware.folder / "objects" / "firmware.map"));
  return BuiltImage{firmware.folder / "firmware.elf", parse_link_map(map)};
}

}  // namespace mote
