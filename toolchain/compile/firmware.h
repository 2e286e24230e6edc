// From a .tflite file and a board to a folder of self-contained sources that build into firmware.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"
#include "toolchain/boards/boards.h"

namespace mote {

enum class Optimization : uint8_t { speed, size };
std::string to_string(Optimization optimization);  // "speed"

enum class Engine : uint8_t { interpreter, compiled };
std::string to_string(Engine engine);  // "interpreter"

// The interpreter, where the board can read a model in place.
Engine default_engine(const Board& board);

struct FirmwareOptions {
  Optimization optimization = Optimization::speed;
  Engine engine = Engine::interpreter;
};

// One translation unit and what its bytes count as in the flash table.
struct FirmwareSource {
  std::string path;      // below the folder: "kernels/fully_connected_int8.cpp"
  std::string category;  // "engine", "kernels", "features", "model", "compiled" (by section), "other", or "harness"
  std::vector<std::string> flags;  // all compiler flags
  bool shared = false;             // the same for every model on this board with these options: its object can be kept
};

// One operator in order of execution.
struct FirmwareOperator {
  std::string op;              // "FULLY_CONNECTED"
  std::string name;            // of its first output tensor
  std::string function;        // compiled: its symbol, and part of the names of its constants; empty = it has no code
  int64_t constant_bytes = 0;  // interpreted: of its weights and other constants in the file
  int64_t arena_bytes = 0;     // that hold something while it runs
};

// A folder written by write_firmware.
struct Firmware {
  Engine engine = Engine::interpreter;
  std::filesystem::path folder;
  std::vector<FirmwareSource> sources;
  std::vector<std::string> link_flags;  // library flags included; run in `folder`
  std::vector<std::string> kernels;     // symbols in the resolver; none in compiled firmware
  std::vector<FirmwareOperator> operators;
  std::string arena_section;  // of the object files: ".bss.firmware_arena"
  int64_t model_bytes = 0;
  int64_t arena_bytes = 0;      // the arena as declared; interpreted: exactly what Interpreter::arena_used() reports
  int64_t stream_bytes = 0;     // that the feature block keeps
  int64_t window_readings = 0;  // int16 readings up to the first inference; 0 = no feature block, the application
                                // writes the input
  int64_t input_bytes = 0;  // of all model inputs together
  int64_t output_bytes = 0;
  double period_seconds = 0;  // stride of the recording contract; 0 = the file does not say
};

// Writes the sources for `model`, the bytes of a .tflite file that messages call `name`, into `folder` (replaced if it
// exists): main.cpp, its feature block, the device headers these include, start-up code, linker script, Makefile; and
// for the interpreter the model as aligned data, a resolver of only the kernels it needs and an arena of exactly the
// size it needs, for the compiled engine what compile_model() makes of it. Errors: the file is not valid, or an
// operator or type has no device kernel (named, with its place in the graph), or the board cannot run this engine.
Result<Firmware> write_firmware(const std::string& name, const std::vector<uint8_t>& model, const Board& board,
                                const FirmwareOptions& options, const std::filesystem::path& folder);

// memory.ld, which the linker scripts of boards/startup/ include: the regions at the emulator's addresses.
std::string memory_script(const Board& board, int64_t flash_bytes, int64_t ram_bytes);

}  // namespace mote
