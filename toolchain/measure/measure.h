// Builds a model's firmware, runs it in the emulator, and reports what it costs on the board.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/progress.h"
#include "toolchain/base/result.h"
#include "toolchain/boards/boards.h"
#include "toolchain/compile/firmware.h"

namespace mote {

// Bytes that the linked image adds over one with the same start-up and no model.
struct FlashBytes {
  int64_t engine = 0;  // interpreter, model view, planner; compiled: the C interface
  int64_t kernels = 0;
  int64_t features = 0;
  int64_t libc = 0;   // newlib and libgcc
  int64_t other = 0;  // resolver table, application calls, alignment
  int64_t model = 0;  // the .tflite, read in place; compiled: weights, biases and other constants
  int64_t code() const { return engine + kernels + features + libc + other; }
  int64_t total() const { return code() + model; }
};

struct RamBytes {
  int64_t arena = 0;
  int64_t statics = 0;  // interpreter object and other variables; with a feature block also the window of readings
  int64_t stack = 0;    // deepest use during init and two inferences, found by painting
  int64_t total() const { return arena + statics + stack; }
};

struct Latency {
  uint64_t instructions = 0;   // executed from mote_mark_begin to mote_mark_end, exact; the input is all zeros
  Range<double> cycles;        // modelled: see Board::cycle_model; range of the published timings
  Range<double> milliseconds;  // cycles at the board's clock
};

// Share of one function in the measured inference.
struct FunctionCost {
  std::string name;  // demangled
  uint64_t instructions = 0;
  double cycles = 0;  // typical
};

// Part of the measured inference.
struct Cost {
  uint64_t instructions = 0;
  double cycles = 0;  // typical
};

// One operator, in order of execution: of the file, or of what the compiler made of it.
struct LayerCost {
  std::string op;    // "FULLY_CONNECTED"
  std::string name;  // of its first output tensor
  Cost cost;
  int64_t flash_bytes = 0;  // its constants; compiled: also its function and parameters, not what operators share
  int64_t ram_bytes = 0;    // of the arena that hold something while it runs
};

// What no operator pays for: the layers and this are the whole window.
struct OutsideLayers {
  Cost engine;  // the interpreter's or the interface's own code, and the call
  Cost features;
};

struct Measurement {
  std::string board;
  std::string engine;        // "interpreter" or "compiled"
  std::string optimization;  // "speed" or "size": the one build that all figures come from
  int64_t model_bytes = 0;
  bool fits = true;                  // false: flash or RAM of the board is exceeded, and nothing was run
  std::vector<std::string> misfits;  // one sentence each: what is needed, what there is, what to do
  FlashBytes flash;
  RamBytes ram;     // stack is 0 when !fits
  Latency latency;  // of the feature block, if any, and the model
  PowerFigures power;
  double period_seconds = 0;  // one inference per period; 0 = back to back
  InstructionCounts counts;
  std::vector<FunctionCost> functions;        // most expensive first
  std::vector<LayerCost> layers;              // see layers.h
  OutsideLayers outside;
  std::filesystem::path firmware;             // the linked ELF
  std::vector<std::string> emulator_command;  // runs it alone, on zeros
  std::vector<uint8_t> outputs;               // of every fed row, output_row_bytes each
  int64_t output_row_bytes = 0;
  std::vector<std::string> notes;  // limits of these figures: emulated core, memory wait states
};

enum class RowKind : uint8_t {
  model_input,  // bytes of the model's inputs as they stand in the arena; the feature block is passed over
  readings,     // int16 readings, little endian: the feature block runs on the device
};

struct MeasureOptions {
  FirmwareOptions firmware;
  std::filesystem::path folder;  // receives the sources, objects and ELF
  std::filesystem::path cache;   // objects that are the same for every model are kept here; empty = <folder>/../cache
  double period_seconds = 0;     // 0 = the stride in the model's metadata
  RowKind row_kind = RowKind::model_input;
  std::span<const uint8_t> rows;  // inputs to feed, back to back
  std::filesystem::path counter;  // the plugin; empty = libmote_count.so beside the running program
  double timeout_seconds = 300;   // of the emulator
};

// Measures `model` (the bytes of a .tflite file that messages call `name`) on `board`. A model too big for the board is
// not an error: Measurement::fits is false and the figures say by how much. Errors: input when the model is not valid,
// when a compiler or the emulator is missing (with what to install), when `rows` is not a whole number of inputs, when
// another measurement is writing the folder; defect when the firmware does not build or stops early.
Result<Measurement> measure(const std::string& name, const std::vector<uint8_t>& model, const Board& board,
                            const MeasureOptions& options, const Progress& progress = {});

// The keys of metrics.json in DESIGN.md section 6, and more: flash by part, functions, ranges, sources of the figures.
Json to_json(const Measurement& measurement);

}  // namespace mote
