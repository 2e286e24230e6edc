#include "toolchain/boards/boards.h"

namespace mote {

extern const Board pico2_riscv_board;
const Board pico2_riscv_board = {
    .name = "pico2_riscv",
    .title = "Raspberry Pi Pico 2, RISC-V cores (RP2350)",
    .cycle_model = &hazard3_cycles(),
    .compiler = &riscv_compiler(),
    .clock_hz = {150e6, "RP2350 Datasheet, chapter Introduction"},
    .flash_bytes = {4096 * 1024, "Raspberry Pi Pico 2 Datasheet: external QSPI flash"},
    .ram_bytes = {520 * 1024, "RP2350 Datasheet, section Memory"},
    .volts = {3.3, "supply of the current figures"},
    .active_amperes =
        {20e-3,
         "estimate: the RP2350 Datasheet tabulates no current of one busy Hazard3 core at 150 MHz; 20 mA is the order "
         "that users report for a Pico 2 with one core busy. Measure your board before relying on it"},
    .sleep_amperes =
        {0.2e-3,
         "estimate: order of the RP2350 Datasheet's low-power states with SRAM retained. Measure your board before "
         "relying on it"},
    .cpu_flags = {"-march=rv32imc", "-mabi=ilp32"},
    .emulator =
        {"qemu-system-riscv32", "qemu-system-misc", {"-M", "virt", "-bios", "none"}, 0x80000000, 0x81000000, ""},
    .memory_note = "the code is taken to run from SRAM or a warm cache: misses of the flash cache are not modelled",
};

}  // namespace mote
