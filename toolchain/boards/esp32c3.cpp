#include "toolchain/boards/boards.h"

namespace mote {

extern const Board esp32c3_board;
const Board esp32c3_board = {
    .name = "esp32c3",
    .title = "ESP32-C3-DevKitM-1 (ESP32-C3)",
    .cycle_model = &esp32c3_cycles(),
    .compiler = &riscv_compiler(),
    .clock_hz = {160e6, "ESP32-C3 Series Datasheet, front page"},
    .flash_bytes = {4096 * 1024, "ESP32-C3-MINI-1 Datasheet: 4 MB flash in the package"},
    .ram_bytes = {400 * 1024, "ESP32-C3 Series Datasheet, front page: 400 KB SRAM, 16 KB of them for the cache"},
    .volts = {3.3, "supply of the current figures"},
    .active_amperes = {23e-3,
                       "ESP32-C3 Series Datasheet, Current consumption, modem-sleep: CPU running at 160 MHz, "
                       "peripheral clocks disabled, typical"},
    .sleep_amperes = {130e-6, "ESP32-C3 Series Datasheet, Current consumption, light-sleep, typical"},
    .cpu_flags = {"-march=rv32imc", "-mabi=ilp32"},
    .emulator =
        {"qemu-system-riscv32", "qemu-system-misc", {"-M", "virt", "-bios", "none"}, 0x80000000, 0x81000000, ""},
    .memory_note = "misses of the 16 KiB flash cache are not modelled",
};

}  // namespace mote
