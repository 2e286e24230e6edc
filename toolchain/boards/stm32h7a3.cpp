#include "toolchain/boards/boards.h"

namespace mote {

extern const Board stm32h7a3_board;
const Board stm32h7a3_board = {
    .name = "stm32h7a3",
    .title = "ST Nucleo-H7A3ZI-Q (STM32H7A3)",
    .cycle_model = &cortex_m7_cycles(),
    .compiler = &arm_compiler(),
    .clock_hz = {280e6, "ST DS13195, front page"},
    .flash_bytes = {2048 * 1024, "ST DS13195, front page"},
    .ram_bytes = {1184 * 1024, "ST DS13195, front page: about 1.18 MB of SRAM, TCM included"},
    .volts = {3.3, "supply of the current figures"},
    .active_amperes =
        {36.9e-3, "published MLPerf Tiny v1.2 result on this chip, keyword spotting: 1376 uJ in 11.3 ms, at 3.3 V"},
    .sleep_amperes = {32e-6, "ST DS13195, front page: Stop mode with full RAM retention, typical"},
    .cpu_flags = {"-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"},
    .emulator = {"qemu-system-arm", "qemu-system-arm", {"-M", "mps2-an500"}, 0x00000000, 0x20000000, ""},
    .memory_note = "code and data are taken to lie in TCM or warm caches",
};

}  // namespace mote
