#include "toolchain/boards/boards.h"

namespace mote {

extern const Board stm32l4r5_board;
const Board stm32l4r5_board = {
    .name = "stm32l4r5",
    .title = "ST Nucleo-L4R5ZI (STM32L4R5)",
    .cycle_model = &cortex_m4_cycles(),
    .compiler = &arm_compiler(),
    .clock_hz = {120e6, "ST DS12023, front page"},
    .flash_bytes = {2048 * 1024, "ST DS12023, front page"},
    .ram_bytes = {640 * 1024, "ST DS12023, front page"},
    .volts = {3.0, "supply of the current figures"},
    .active_amperes =
        {13.2e-3,
         "ST DS12023, front page: 110 uA/MHz in Run mode (LDO), typical, times 120 MHz; published MLPerf Tiny "
         "v1.2 energies on this board (1820 uJ in 43.2 ms) give 14.0 mA"},
    .sleep_amperes = {3.2e-6, "ST DS12023, front page: Stop 2 with RTC, typical"},
    .cpu_flags = {"-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"},
    .emulator = {"qemu-system-arm", "qemu-system-arm", {"-M", "mps2-an386"}, 0x00000000, 0x20000000, ""},
    .memory_note = "flash wait states (5 at 120 MHz, hidden in part by the ART cache) are not modelled",
};

}  // namespace mote
