#include "toolchain/boards/boards.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace mote {

#define MOTE_BOARD(name) extern const Board name##_board;
#include "toolchain/boards/boards.def"
#undef MOTE_BOARD

std::span<const Board* const> all_boards() {
  static const Board* const boards[] = {
#define MOTE_BOARD(name) &name##_board,
#include "toolchain/boards/boards.def"
#undef MOTE_BOARD
  };
  return boards;
}

Result<const Board*> find_board(const std::string& name) {
  std::vector<std::string> names;
  for (const Board* board : all_boards()) {
    if (board->name == name) return board;
    names.push_back(board->name);
  }
  return input_error(fmt::format("board '{}' is not known; expected one of: {}", name, fmt::join(names, ", ")));
}

Result<const Board*> find_board_of_core(const std::string& core) {
  std::vector<std::string> cores;
  for (const Board* board : all_boards()) {
    for (const std::string& flag : board->cpu_flags) {
      if (!flag.starts_with("-mcpu=") && !flag.starts_with("-march=") && !flag.starts_with("-mmcu=")) continue;
      const std::string name = flag.substr(flag.find('=') + 1);
      if (name == core) return board;
      if (std::find(cores.begin(), cores.end(), name) == cores.end()) cores.push_back(name);
    }
  }
  return input_error(fmt::format("no board has the core '{}'; expected one of: {}", core, fmt::join(cores, ", ")));
}

PowerFigures power_figures(const Board& board, double inference_seconds, double period_seconds) {
  PowerFigures power;
  const double volts = board.volts.value;
  power.active_milliwatts = volts * board.active_amperes.value * 1e3;
  power.sleep_milliwatts = volts * board.sleep_amperes.value * 1e3;
  power.energy_microjoules = power.active_milliwatts * 1e3 * inference_seconds;
  const double duty = period_seconds > inference_seconds ? inference_seconds / period_seconds : 1.0;
  power.average_milliwatts = duty * power.active_milliwatts + (1 - duty) * power.sleep_milliwatts;
  return power;
}

}  // namespace mote
