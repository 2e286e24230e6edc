#include "toolchain/boards/boards.h"

namespace mote {

extern const Board stm32f103_board;
const Board stm32f103_board = {
    .name = "stm32f103",
    .title = "STM32F103C8 (Blue Pill)",
    .cycle_model = &cortex_m3_cycles(),
    .compiler = &arm_compiler(),
    .clock_hz = {72e6, "ST DS5319, front page"},
    .flash_bytes = {64 * 1024, "ST DS5319, front page: C8; the CB has 128 KiB"},
    .ram_bytes = {20 * 1024, "ST DS5319, front page"},
    .volts = {3.3, "supply of the current figures"},
    .active_amperes =
        {27e-3,
         "ST DS5319, typical current consumption in Run mode, code with data processing from flash, 72 MHz, "
         "peripherals disabled, 3.3 V, 25 degrees C"},
    .sleep_amperes =
        {15.4e-6,
         "ST DS5319, typical current consumption in Stop mode, regulator in low-power mode, 3.3 V: 14 uA, and "
         "1.4 uA of the low-speed oscillator and RTC"},
    .cpu_flags = {"-mcpu=cortex-m3", "-mthumb"},
    .emulator = {"qemu-system-arm", "qemu-system-arm", {"-M", "mps2-an385"}, 0x00000000, 0x20000000, ""},
    .memory_note = "flash wait states (2 at 72 MHz, hidden in part by the prefetch buffer) are not modelled",
};

}  // namespace mote
