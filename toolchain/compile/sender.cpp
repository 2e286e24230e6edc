#include "toolchain/compile/sender.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "toolchain/base/files.h"
#include "toolchain/boards/boards.h"
#include "toolchain/compile/firmware.h"
#include "toolchain/compile/sources.h"

namespace mote {
namespace {

constexpr std::string_view kSender = "toolchain/compile/template/sender/";
constexpr const char* kBoard = "nano33ble";     // whose emulated machine main.cpp is for
constexpr const char* kSketch = "mote_sender";  // the Arduino tools want a sketch in a folder of its name

std::string makefile(const Board& board) {
  return fmt::format(
      "# make            lines of numbers\n# make FRAMES=1   binary frames\n"
      "# Then: {1} {2} -nographic -monitor none -serial pty -kernel sender.elf\nFRAMES ?= 0\n\n"
      "sender.elf: main.cpp {3} sensor_frame.h memory.ld {4}\n"
      "\t{0} {5} -std=c++14 -ffreestanding -nostdinc++ -fno-exceptions -fno-rtti -Os -DSEND_FRAMES=$(FRAMES) "
      "-nostdlib -static -T {4} -o $@ main.cpp {3} {6}\n",
      board.compiler->program, board.emulator.program, fmt::join(board.emulator.arguments, " "),
      board.compiler->startup, board.compiler->script, fmt::join(board.cpu_flags, " "),
      fmt::join(board.compiler->libraries, " "));
}

Result<SourceFiles> emulated_files() {
  MOTE_TRY(const Board* const board, find_board(kBoard));
  SourceFiles files;
  MOTE_CHECK(add_template(kSender, "main.cpp", files));
  for (const std::string& file : {board->compiler->startup, board->compiler->script})
    MOTE_CHECK(add_template(kStartup, file, files));
  MOTE_CHECK(add_template("device/", "sensor_frame.h", files));
  files.emplace("memory.ld", memory_script(*board, static_cast<int64_t>(board->flash_bytes.value),
                                           static_cast<int64_t>(board->ram_bytes.value)));
  files.emplace("Makefile", makefile(*board));
  return files;
}

Result<SourceFiles> arduino_files() {
  SourceFiles texts, files;
  MOTE_CHECK(add_template(kSender, fmt::format("{}.ino", kSketch), texts));
  MOTE_CHECK(add_template("device/", "sensor_frame.h", texts));
  for (const auto& [file, text] : texts) files.emplace(fmt::format("{}/{}", kSketch, file), text);
  return files;
}

}  // namespace

Result<std::vector<std::filesystem::path>> write_sender(const std::string& kind, const std::filesystem::path& folder) {
  if (kind != "arduino" && kind != "emulated")
    return input_error(
        fmt::format("--sender {}: expected arduino (a sketch) or emulated (firmware for the emulated board)", kind));
  MOTE_TRY(const SourceFiles files, kind == "arduino" ? arduino_files() : emulated_files());
  std::vector<fs::path> written;
  for (const auto& [file, text] : files) {
    std::error_code code;
    if (fs::exists(folder / file, code))
      return input_error(fmt::format("{}: is there already and may hold your changes; choose another folder with -o",
                                     (folder / file).string()));
  }
  for (const auto& [file, text] : files) {
    MOTE_CHECK(write_file(folder / file, std::string_view(text)));
    written.push_back(folder / file);
  }
  return written;
}

}  // namespace mote
