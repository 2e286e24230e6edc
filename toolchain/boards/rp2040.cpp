#include "toolchain/boards/boards.h"

namespace mote {

extern const Board rp2040_board;
const Board rp2040_board = {
    .name = "rp2040",
    .title = "Raspberry Pi Pico (RP2040)",
    .cycle_model = &cortex_m0plus_cycles(),
    .compiler = &arm_compiler(),
    .clock_hz = {133e6, "RP2040 Datasheet, chapter Introduction"},
    .flash_bytes = {2048 * 1024, "Raspberry Pi Pico Datasheet: external QSPI flash"},
    .ram_bytes = {264 * 1024, "RP2040 Datasheet, section Memory"},
    .volts = {3.3, "supply of the current figures"},
    .active_amperes =
        {25e-3,
         "estimate: the RP2040 Datasheet tabulates no current of one busy core at 133 MHz; 25 mA is the order "
         "that users report for a Pico at 125 MHz with one core busy. Measure your board before relying on it"},
    .sleep_amperes = {0.39e-3, "RP2040 Datasheet, Power Consumption: SLEEP mode (hello_sleep), typical, DVDD supply"},
    .cpu_flags = {"-mcpu=cortex-m0plus", "-mthumb"},
    .emulator =
        {"qemu-system-arm",
         "qemu-system-arm",
         {"-M", "mps2-an385"},
         0x00000000,
         0x20000000,
         "the ARMv6-M code was executed by an emulated Cortex-M3, whose instruction set contains it: the instructions "
         "are the same ones"},
    .memory_note =
        "the code is taken to run from SRAM or a warm cache: misses of the 16 KiB flash cache are not modelled",
};

}  // namespace mote
