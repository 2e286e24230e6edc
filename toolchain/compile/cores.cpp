#include <fmt/ranges.h>

#include "toolchain/compile/compiled_model.h"

namespace mote {
namespace {

struct Core {
  const char* name;
  PackedFor packed;
};

// GCC's names; its -mcpu=cortex-m33 and up imply the DSP extension.
constexpr Core kCores[] = {
    {"cortex-m0", PackedFor::plain},    {"cortex-m0plus", PackedFor::plain}, {"cortex-m3", PackedFor::plain},
    {"cortex-m23", PackedFor::plain},   {"cortex-m4", PackedFor::arm_dsp},   {"cortex-m7", PackedFor::arm_dsp},
    {"cortex-m33", PackedFor::arm_dsp}, {"cortex-m35p", PackedFor::arm_dsp}, {"cortex-m55", PackedFor::arm_mve},
    {"cortex-m85", PackedFor::arm_mve}, {"rv32imc", PackedFor::plain},       {"avr", PackedFor::avr},
    {"x86-64", PackedFor::plain},       {"aarch64", PackedFor::plain},
};

}  // namespace

Result<PackedFor> packed_for_core(const std::string& core) {
  std::vector<std::string> names;
  for (const Core& each : kCores) {
    if (core == each.name) return each.packed;
    names.emplace_back(each.name);
  }
  return input_error(fmt::format("unknown core '{}'; expected one of {}", core, fmt::join(names, ", ")));
}

PackedFor packed_for_board(const Board& board) {
  if (board.compiler->separate_memories) return PackedFor::avr;
  for (const std::string& flag : board.cpu_flags)
    for (const Core& core : kCores)
      if (flag == std::string("-mcpu=") + core.name) return core.packed;
  return PackedFor::plain;
}

}  // namespace mote
