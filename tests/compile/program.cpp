#include "tests/compile/program.h"

#include <fmt/format.h>

#include "tests/conformance/host_run.h"
#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/compile/c_interface.h"

namespace mote {

namespace {

constexpr double kSeconds = 600;
constexpr int32_t kRuns = 2;  // of every model in runner.h, after which it compares

Result<void> compile(std::vector<std::string> command, const fs::path& folder) {
  const char* const flags[] = {"-std=c++14", "-ffreestanding", "-nostdinc++",  "-fno-exceptions",      "-fno-rtti",
                               "-Wall",      "-Wextra",        "-Wconversion", "-Wno-sign-conversion", "-Wshadow",
                               "-Werror"};
  command.insert(command.begin() + 1, std::begin(flags), std::end(flags));
  MOTE_TRY(const ProcessOutput built, run_process(command, kSeconds, folder));
  if (built.exit_status != 0) return defect(built.errors.substr(0, 4000));
  return {};
}

}  // namespace

std::string CompiledProgram::place(const std::vector<std::vector<uint8_t>>& tensors) {
  std::string text;
  for (const auto& bytes : tensors) {
    text += fmt::format("{{{}, {}}}, ", blob_.size(), bytes.size());
    blob_.insert(blob_.end(), bytes.begin(), bytes.end());
  }
  return text;
}

Result<void> CompiledProgram::add(const std::string& name, const std::vector<uint8_t>& model,
                                  const std::vector<std::vector<uint8_t>>& inputs) {
  const std::string id = fmt::format("m{}", count_++), macro = macro_prefix(id);
  MOTE_TRY(CompiledModel compiled, compile_model(name, model, {id, core_, nullptr}));
  const conformance::HostRun expected = conformance::run_on_host(model, inputs, kRuns);
  if (expected.status != Status::ok) return defect(name + ": the interpreter refuses it");
  const auto outputs = static_cast<std::ptrdiff_t>(expected.outputs.size()) / kRuns;
  const std::vector<std::vector<uint8_t>> last(expected.outputs.end() - outputs, expected.outputs.end());
  files_.merge(compiled.files);
  includes_ += fmt::format("#define {}_ARENA_ELSEWHERE\n#include \"{}.cpp\"\n", macro, id);
  symbols_ += fmt::format("    \".global {0}_arena\\n.set {0}_arena, shared_arena\\n\"\n", id);
  includes_ += fmt::format(
      "static int init_{0}() {{ return static_cast<int>({0}_init()); }}\n"
      "static int run_{0}() {{ return static_cast<int>({0}_run()); }}\n",
      id);
  table_ += fmt::format(
      "    {{MODEL_NAME(\"{0}\"), {1}_arena, {2}_ARENA_BYTES, init_{1}, run_{1}, {1}_input, {1}_output, {2}_INPUTS,\n"
      "     {2}_OUTPUTS, {{{3}}}, {{{4}}}}},\n",
      name, id, macro, place(inputs), place(last));
  return {};
}

Result<void> CompiledProgram::write(const std::filesystem::path& folder) const {
  for (const auto& [path, text] : files_) MOTE_CHECK(write_file(folder / path, std::string_view(text)));
  MOTE_CHECK(write_file(folder / "blob.bin", std::span<const uint8_t>(blob_)));
  const bool avr = core_ == PackedFor::avr;
  const std::string text = fmt::format(
      "{}#include \"runner.h\"\n\n__asm(\n    \".section {}\\n.balign 16\\n.global blob\\nblob:\\n"
      ".incbin \\\"blob.bin\\\"\\n\"\n    \".section .bss\\n.balign 16\\n.skip 32\\nshared_arena:\\n.skip {}\\n\"\n{}"
      "    \".text\\n\");\n\nMODELS_IN_FLASH static const Model models[] = {{\n{}}};\n\nint main() {{\n  return "
      "run_models(MODELS_BY_INDEX(models), sizeof models / sizeof *models);\n}}\n",
      includes_, avr ? ".progmem.blob,\\\"a\\\"" : ".rodata", avr ? kAvrArena + 32 : 262144, symbols_, table_);
  return write_file(folder / "models.cpp", text);
}

Result<std::string> run_here(const std::filesystem::path& folder, const std::filesystem::path& source) {
  MOTE_CHECK(compile({"g++", "-O0", "-no-pie", "-I" + (source / "tests/compile").string(), "models.cpp", "-o", "here"},
                     folder));
  MOTE_TRY(const ProcessOutput ran, run_process({(folder / "here").string()}, kSeconds, folder));
  return ran.output + ran.errors;
}

namespace {

Result<std::string> run_on_board(const std::filesystem::path& folder, const std::filesystem::path& source,
                                 const std::vector<std::string>& cpu, const char* machine, const char* script) {
  const fs::path device = source / "tests/conformance/device";
  std::vector<std::string> command = {"arm-none-eabi-g++",
                                      "-O2",
                                      "-fno-exceptions",
                                      "-mthumb",
                                      "-mfloat-abi=hard",
                                      "-nostdlib",
                                      "-I" + (source / "tests/compile").string(),
                                      "-I" + device.string(),
                                      "-L" + device.string(),
                                      "-T" + (device / script).string(),
                                      (device / "startup.cpp").string(),
                                      "models.cpp",
                                      "-lgcc",
                                      "-o",
                                      "board.elf"};
  command.insert(command.begin() + 1, cpu.begin(), cpu.end());
  MOTE_CHECK(compile(command, folder));
  MOTE_TRY(const ProcessOutput ran,
           run_process({"qemu-system-arm", "-M", machine, "-nographic", "-monitor", "none", "-serial", "none",
                        "-semihosting-config", "enable=on,target=native", "-kernel", "board.elf"},
                       kSeconds, folder));
  return ran.output + ran.errors;
}

}  // namespace

Result<std::string> run_on_cortex_m4(const std::filesystem::path& folder, const std::filesystem::path& source) {
  return run_on_board(folder, source, {"-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16"}, "mps2-an386", "mps2.ld");
}

Result<std::string> run_on_cortex_m55(const std::filesystem::path& folder, const std::filesystem::path& source) {
  return run_on_board(folder, source, {"-mcpu=cortex-m55"}, "mps3-an547", "mps3.ld");
}

Result<std::string> run_on_mega2560(const std::filesystem::path& folder, const std::filesystem::path& source,
                                    const std::filesystem::path& emulator) {
  const fs::path startup = source / "toolchain/boards/startup";
  MOTE_CHECK(write_file(folder / "memory.ld",
                        std::string("MEMORY\n{\n  FLASH (rx) : ORIGIN = 0, LENGTH = 256K\n  RAM (rwx) : ORIGIN = "
                                    "0x800200, LENGTH = 8K\n}\n__stack_top = 0x802200;\n")));
  MOTE_CHECK(
      compile({"avr-g++", "-O2", "-mmcu=atmega2560", "-fno-threadsafe-statics", "-fno-jump-tables",
               "-fno-tree-switch-conversion", "-ffunction-sections", "-nostdlib", "-Wl,--gc-sections",
               "-I" + (source / "tests/compile").string(), "-I" + (source / "toolchain/compile/template").string(),
               "-I.", "-T" + (startup / "avr.ld").string(), (startup / "avr.S").string(), "models.cpp", "-lc", "-lgcc",
               "-o", "board.elf"},
              folder));
  MOTE_TRY(const ProcessOutput ran,
           run_process({emulator.string(), "-m", "atmega2560", "board.elf"}, kSeconds, folder));
  return ran.output + ran.errors;
}

}  // namespace mote
