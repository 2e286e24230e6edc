#include "toolchain/boards/boards.h"

namespace mote {

extern const Board stm32u575_board;
const Board stm32u575_board = {
    .name = "stm32u575",
    .title = "ST Nucleo-U575ZI-Q (STM32U575)",
    .cycle_model = &cortex_m33_cycles(),
    .compiler = &arm_compiler(),
    .clock_hz = {160e6, "ST DS13737, front page"},
    .flash_bytes = {2048 * 1024, "ST DS13737, front page"},
    .ram_bytes = {784 * 1024, "ST DS13737, front page: 786 KB of SRAM"},
    .volts = {3.3, "supply of the current figures"},
    .active_amperes =
        {6.9e-3,
         "published MLPerf Tiny v1.3 result on this chip, keyword spotting: 664 uJ in 29.0 ms at 3.3 V; the"
         " datasheet's 19.5 uA/MHz (run mode, SMPS) are for a lighter load"},
    .sleep_amperes = {4.4e-6, "ST DS13737, Stop 2 with full SRAM retained, typical; order of magnitude"},
    .cpu_flags = {"-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"},
    .emulator = {"qemu-system-arm", "qemu-system-arm", {"-M", "mps2-an505"}, 0x10000000, 0x38000000, ""},
    .memory_note = "flash wait states (4 at 160 MHz, hidden in part by the instruction cache) are not modelled",
};

}  // namespace mote
