#include "toolchain/boards/boards.h"

namespace mote {

extern const Board ensemble_e1c_board;
const Board ensemble_e1c_board = {
    .name = "ensemble_e1c",
    .title = "Alif Ensemble E1C DevKit (AE1C1F4)",
    .cycle_model = &cortex_m55_cycles(),
    .compiler = &arm_compiler(),
    .clock_hz = {160e6, "Zephyr documentation, board ensemble_e1c_dk: RTSS-HE, Cortex-M55 at up to 160 MHz"},
    .flash_bytes = {1920 * 1024,
                    "MRAM as the part number AE1C1F4051920PH0 names it; Zephyr's devicetree of that part has 1945 KiB"},
    .ram_bytes = {1536 * 1024, "Zephyr's devicetree of AE1C1F4051920PH0: data TCM; 512 KiB of instruction TCM besides"},
    .volts = {1.8, "supply of the current figures"},
    .active_amperes =
        {5e-3,
         "estimate: no table of currents was at hand; 5 mA is about 30 uA/MHz, the order that vendors state for a "
         "Cortex-M55 of 22 nm. Measure your board before relying on it"},
    .sleep_amperes =
        {20e-6,
         "estimate: order of magnitude of a sleep mode with RAM retained and a timer. Measure your board before "
         "relying on it"},
    .cpu_flags = {"-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"},
    // Code in DDR, data in SRAM 2: the emulated board's tightly coupled memories have 512 KiB.
    .emulator = {"qemu-system-arm", "qemu-system-arm", {"-M", "mps3-an547"}, 0x60000000, 0x21000000, "", 0x00000000},
    .memory_note = "code is taken to run from the instruction TCM or a warm cache: MRAM wait states are not modelled",
};

}  // namespace mote
