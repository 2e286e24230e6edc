// What the engine costs on the models of the field, recorded in figures.csv beside this file: one row for each model,
// engine, board and build, with the same figures of a peer where they were measured (docs: bench/README.md).
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

// Counted exactly in the emulator, of one inference unless said otherwise, and of the linked image. 0 = not known.
struct EngineFigures {
  int64_t instructions = 0;
  int64_t cycles = 0;  // modelled, typical
  int64_t setup = 0;   // instructions, once: the interpreter's init, or <name>_init
  int64_t arena = 0, statics = 0, stack = 0;
  int64_t flash = 0;  // code and constants, without the model
  int64_t ram() const { return arena + statics; }
};

struct FiguresRow {
  std::string model;   // below models/ of the shared data: "mlperf_tiny/ad01_int8"
  std::string engine;  // "interpreter", "compiled"
  std::string board;
  std::string optimization;  // "speed", "size"
  EngineFigures recorded;
  EngineFigures peer;  // arena: with statics
};

// Errors name the file and line.
Result<std::vector<FiguresRow>> read_figures(const std::filesystem::path& path);
Result<void> write_figures(const std::filesystem::path& path, const std::vector<FiguresRow>& rows);

// Builds and counts one row now. `models` is the folder models/ of the shared data.
Result<EngineFigures> measure_row(const FiguresRow& row, const std::filesystem::path& models,
                                  const std::filesystem::path& scratch);

// A table for people: what is measured, the peer's figure, and the ratio of both.
std::string figures_table(const std::vector<FiguresRow>& rows);

}  // namespace mote
