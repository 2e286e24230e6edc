// The boards that mote knows: one .cpp file each, listed in boards.def. Every figure carries its source.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/boards/instruction_class.h"

namespace mote {

struct Figure {
  double value = 0;
  std::string source;  // document, table or section; "typical" and the conditions when it is not a limit
};

// Three values of a figure that published pipeline timings give as a range.
template <class T>
struct Range {
  T low{}, typical{}, high{};
};

// Cycles of one core per entry of InstructionCounts, with memory that answers without wait states.
struct CycleModel {
  std::string core;    // "Cortex-M4"
  std::string source;  // of the timings
  std::array<Range<double>, kInstructionCounts> cycles{};
};

Range<double> modelled_cycles(const CycleModel& model, const InstructionCounts& counts);

const CycleModel& cortex_m0plus_cycles();
const CycleModel& cortex_m3_cycles();
const CycleModel& cortex_m4_cycles();
const CycleModel& cortex_m33_cycles();
const CycleModel& cortex_m7_cycles();
const CycleModel& cortex_m55_cycles();
const CycleModel& hazard3_cycles();
const CycleModel& esp32c3_cycles();
const CycleModel& avr_cycles();

// What builds firmware for one family of cores.
struct CrossCompiler {
  std::string program, package;          // "arm-none-eabi-g++", and the Debian package that has it
  std::string library, library_package;  // a file that `program` finds when its C library is installed
  std::vector<std::string> libraries;    // link flags that come last
  std::string startup, script;           // files of boards/startup/
  // Program memory is no part of the data's addresses, and a constant is copied into RAM unless it is fetched from
  // there by instructions of its own (device/program_memory.h). So a model cannot be read in place: it is compiled.
  bool separate_memories = false;
};
const CrossCompiler& arm_compiler();
const CrossCompiler& riscv_compiler();
const CrossCompiler& avr_compiler();

// How the board's code is executed here.
struct Emulator {
  std::string program, package;        // "qemu-system-arm", and the Debian package that has it
  std::vector<std::string> arguments;  // the machine: "-M", "mps2-an386"
  uint32_t flash_address = 0;
  uint32_t ram_address = 0;
  std::string note;  // in what the emulated core differs from the board's; empty = it does not
  std::optional<uint32_t> vectors_address = std::nullopt;  // of the vector table; else the start of the flash
  // A program of ours that counts as it runs, beside mote. It is built when `package` is there.
  bool beside_mote = false;
};

struct Board {
  std::string name;   // "nano33ble": the key in mote.toml
  std::string title;  // "Arduino Nano 33 BLE (nRF52840)"
  const CycleModel* cycle_model = nullptr;
  const CrossCompiler* compiler = nullptr;
  Figure clock_hz;
  Figure flash_bytes;
  Figure ram_bytes;
  Figure volts;                        // supply at which the currents hold
  Figure active_amperes;               // the core running from its program memory at clock_hz
  Figure sleep_amperes;                // with RAM retained and a timer that wakes it
  std::vector<std::string> cpu_flags;  // for the compiler, also when it links
  Emulator emulator;
  std::string memory_note;  // program memory: wait states and caches, which the cycle model leaves out
};

std::span<const Board* const> all_boards();
// Error: input, naming all boards.
Result<const Board*> find_board(const std::string& name);
// The first board that has a core, named as compilers do: "cortex-m0plus", "rv32imc". Error: input, naming all cores.
Result<const Board*> find_board_of_core(const std::string& core);

// Energy of one inference and average power at one inference per period.
struct PowerFigures {
  double active_milliwatts = 0;
  double sleep_milliwatts = 0;
  double average_milliwatts = 0;  // active for the inference, asleep for the rest of the period
  double energy_microjoules = 0;  // of one inference, active power x its time
};
// period_seconds = 0, or shorter than the inference: inferences back to back, so the average is the active power.
PowerFigures power_figures(const Board& board, double inference_seconds, double period_seconds);

}  // namespace mote
