#include "toolchain/compile/firmware.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <optional>
#include <set>

#include "toolchain/base/files.h"
#include "toolchain/compile/embedded.h"
#include "toolchain/compile/model_facts.h"

namespace mote {
namespace {

using Files = std::map<std::string, std::string>;  // text by path below the folder

constexpr std::string_view kTemplates = "toolchain/compile/template/";
constexpr std::string_view kStartup = "toolchain/boards/startup/";

std::optional<std::string_view> embedded(std::string_view path) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path == path) return file.text;
  }
  return std::nullopt;
}

// Adds the device headers that `text` includes, and theirs, to `files`.
Result<void> add_headers(const std::string& path, std::string_view text, Files& files) {
  static constexpr std::string_view kInclude = "#include \"";
  for (size_t at = text.find(kInclude); at != std::string_view::npos; at = text.find(kInclude, at)) {
    at += kInclude.size();
    const std::string header(text.substr(at, text.find('"', at) - at));
    if (files.contains(header)) continue;
    const auto found = embedded(header);
    if (!found) return defect(fmt::format("'{}' includes \"{}\", which is no device header", path, header));
    files.emplace(header, *found);
    MOTE_CHECK(add_headers(header, *found, files));
  }
  return {};
}

Result<void> add_template(std::string_view folder, const std::string& file, Files& files) {
  const auto text = embedded(std::string(folder) + file);
  if (!text) return defect(fmt::format("the program does not carry '{}{}'", folder, file));
  files.emplace(file, *text);
  return {};
}

std::string kernel_source(const KernelUse& use) {
  return fmt::format(
      "#include \"{0}\"\n\nnamespace mote {{\nextern const Kernel firmware_{1};\nconst Kernel firmware_{1} = {1};\n}}  "
      "// namespace mote\n",
      use.header, use.symbol);
}

// The data of one model: resolver, arena, window.
std::string model_source(const ModelFacts& facts, size_t model_bytes) {
  std::string declarations, table;
  for (const KernelUse& use : facts.kernels) {
    declarations += fmt::format("extern const Kernel firmware_{};\n", use.symbol);
    table += fmt::format("    &firmware_{},\n", use.symbol);
  }
  const int32_t readings = facts.features ? facts.features->contract().elements() : 0;
  const std::string window =
      readings == 0
          ? "int16_t* const firmware_window = nullptr;\nvoid firmware_features(const int16_t*, void*) {}\n"
          : fmt::format("namespace {{\nint16_t window[{}];\n}}\nint16_t* const firmware_window = window;\n", readings);
  return fmt::format(
      "#include \"firmware.h\"\n\nnamespace mote {{\n{}namespace {{\nconst Kernel* const kernels[] = {{\n{}}};\n}}\n"
      "const Resolver firmware_resolver = {{kernels, {}}};\n"
      "const uint32_t firmware_model_bytes = {};\n"
      "alignas(kAlignment) unsigned char firmware_arena[{}];\n"
      "const uint32_t firmware_arena_bytes = sizeof firmware_arena;\n"
      "{}const uint32_t firmware_window_readings = {};\n}}  // namespace mote\n",
      declarations, table, facts.kernels.size(), model_bytes, facts.arena_bytes, window, readings);
}

std::string model_data_source(size_t model_bytes) {
  return fmt::format(
      "        .section .rodata.mote_model, \"a\"\n        .balign {}\n        .global mote_model\n"
      "        .type   mote_model, %object\nmote_model:\n        .incbin \"model.tflite\"\n        .size   mote_model, "
      "{}\n",
      kAlignment, model_bytes);
}

Result<std::string> features_source(const ModelFacts& facts) {
  MOTE_TRY(const std::string constants,
           facts.features->firmware_constants("block", facts.input_scale, facts.input_zero_point));
  const std::string call = facts.features->firmware_call("block", "window", "static_cast<int8_t*>(input)");
  return fmt::format(
      "#include \"{}\"\n#include \"firmware.h\"\n\nnamespace mote {{\nnamespace {{\n{}\n}}\n"
      "void firmware_features(const int16_t* window, void* input) {{\n  {}\n}}\n}}  // namespace mote\n",
      facts.features->device_header(), constants, call);
}

std::string memory_script(const Board& board, int64_t flash_bytes, int64_t ram_bytes) {
  const auto ram_end = board.emulator.ram_address + static_cast<uint32_t>(board.ram_bytes.value);
  return fmt::format(
      "MEMORY\n{{\n  FLASH (rx) : ORIGIN = 0x{:08x}, LENGTH = {}\n  RAM (rwx) : ORIGIN = 0x{:08x}, LENGTH = {}\n}}\n"
      "__stack_top = 0x{:08x};\n",
      board.emulator.flash_address, flash_bytes, board.emulator.ram_address, ram_bytes, ram_end);
}

std::vector<std::string> compile_flags(const Board& board, const std::string& level) {
  std::vector<std::string> flags = board.cpu_flags;
  const char* const common[] = {"-std=c++14",
                                "-ffreestanding",
                                "-nostdinc++",
                                "-fno-exceptions",
                                "-fno-rtti",
                                "-fno-threadsafe-statics",
                                "-fno-unwind-tables",
                                "-fno-asynchronous-unwind-tables",
                                "-ffunction-sections",
                                "-fdata-sections",
                                "-ffp-contract=off",
                                "-Wall",
                                "-Wextra",
                                "-g",
                                "-I."};
  flags.insert(flags.end(), std::begin(common), std::end(common));
  flags.push_back(level);
  return flags;
}

void list_sources(const Board& board, Optimization optimization, const Files& files, Firmware& firmware) {
  const std::string kernel_level = optimization == Optimization::speed ? "-O2" : "-Os";
  for (const auto& [path, text] : files) {
    const bool assembler = path.ends_with(".S");
    if (!assembler && !path.ends_with(".cpp")) continue;
    FirmwareSource source{path, "other", compile_flags(board, "-Os"), true};
    if (assembler) source.flags = board.cpu_flags;
    if (path == "main.cpp" || path == board.compiler->startup) source.category = "harness";
    if (path == "engine.cpp") source.category = "engine";
    if (path == "features.cpp") source = {path, "features", compile_flags(board, kernel_level), false};
    if (path.starts_with("kernel_")) source = {path, "kernels", compile_flags(board, kernel_level), true};
    if (path.starts_with("model")) source.shared = false;
    if (path == "model_data.S") source.category = "model";
    firmware.sources.push_back(source);
  }
  firmware.link_flags = board.cpu_flags;
  const std::vector<std::string> link = {"-nostdlib", "-static", "-Wl,--gc-sections", "-T", board.compiler->script};
  firmware.link_flags.insert(firmware.link_flags.end(), link.begin(), link.end());
  const auto& libraries = board.compiler->libraries;
  firmware.link_flags.insert(firmware.link_flags.end(), libraries.begin(), libraries.end());
}

std::string makefile(const Firmware& firmware, const Board& board) {
  std::string objects, rules;
  for (const FirmwareSource& source : firmware.sources) {
    objects += " " + source.path + ".o";
    rules += fmt::format("{0}.o: {0}\n\t$(CXX) {1} -c -o $@ {0}\n", source.path, fmt::join(source.flags, " "));
  }
  return fmt::format(
      "CXX = {}\nOBJECTS ={}\n\nfirmware.elf: $(OBJECTS)\n\t$(CXX) -o $@ $(OBJECTS) {}\n\n{}",
      board.compiler->program, objects, fmt::join(firmware.link_flags, " "), rules);
}

Result<Files> firmware_files(const ModelFacts& facts, const Board& board, size_t model_bytes) {
  Files files;
  for (const char* file : {"firmware.h", "engine.cpp", "main.cpp", "semihosting.h"}) {
    MOTE_CHECK(add_template(kTemplates, file, files));
  }
  MOTE_CHECK(add_template(kStartup, board.compiler->startup, files));
  MOTE_CHECK(add_template(kStartup, board.compiler->script, files));
  for (const KernelUse& use : facts.kernels) files.emplace("kernel_" + use.symbol + ".cpp", kernel_source(use));
  files.emplace("model.cpp", model_source(facts, model_bytes));
  files.emplace("model_data.S", model_data_source(model_bytes));
  if (facts.features) {
    MOTE_TRY(std::string text, features_source(facts));
    files.emplace("features.cpp", std::move(text));
  }
  files.emplace("memory.ld", memory_script(board, static_cast<int64_t>(board.flash_bytes.value),
                                           static_cast<int64_t>(board.ram_bytes.value)));
  const Files sources = files;
  for (const auto& [path, text] : sources) {
    if (path.ends_with(".cpp") || path.ends_with(".h")) MOTE_CHECK(add_headers(path, text, files));
  }
  return files;
}

}  // namespace

std::string to_string(Optimization optimization) {
  return optimization == Optimization::speed ? "speed" : "size";
}

Result<Firmware> write_firmware(const std::string& name, const std::vector<uint8_t>& model, const Board& board,
                                const FirmwareOptions& options, const std::filesystem::path& folder) {
  MOTE_TRY(const ModelFacts facts, model_facts(name, model));
  MOTE_TRY(Files files, firmware_files(facts, board, model.size()));
  Firmware firmware;
  firmware.folder = folder;
  list_sources(board, options.optimization, files, firmware);
  files.emplace("Makefile", makefile(firmware, board));
  for (const KernelUse& use : facts.kernels) firmware.kernels.push_back(use.symbol);
  firmware.model_bytes = static_cast<int64_t>(model.size());
  firmware.arena_bytes = facts.arena_bytes;
  firmware.input_bytes = facts.input_bytes;
  firmware.output_bytes = facts.output_bytes;
  if (facts.features) {
    const RecordingContract& contract = facts.features->contract();
    firmware.window_readings = contract.elements();
    if (contract.rate_hz > 0) firmware.period_seconds = contract.stride / contract.rate_hz;
  }
  MOTE_TRY(StagedFolder staged, StagedFolder::create(folder));
  for (const auto& [path, text] : files) MOTE_CHECK(write_file(staged.path() / path, std::string_view(text)));
  MOTE_CHECK(write_file(staged.path() / "model.tflite", std::span<const uint8_t>(model)));
  MOTE_CHECK(staged.commit());
  return firmware;
}

}  // namespace mote
