#include "toolchain/boards/boards.h"

namespace mote {

extern const Board nano33ble_board;
const Board nano33ble_board = {
    .name = "nano33ble",
    .title = "Arduino Nano 33 BLE (nRF52840)",
    .cycle_model = &cortex_m4_cycles(),
    .compiler = &arm_compiler(),
    .clock_hz = {64e6, "nRF52840 Product Specification v1.7, section CPU"},
    .flash_bytes = {1024 * 1024, "nRF52840 Product Specification v1.7, section Memory"},
    .ram_bytes = {256 * 1024, "nRF52840 Product Specification v1.7, section Memory"},
    .volts = {3.0, "supply of the current figures; the Nano 33 BLE's own regulator gives 3.3 V"},
    .active_amperes =
        {3.3e-3,
         "nRF52840 Product Specification v1.7, Current consumption: CPU running CoreMark at 64 MHz from flash, "
         "DC/DC regulator, cache on, 3 V, typical; the chip alone, without the board's sensors and LEDs"},
    .sleep_amperes = {3.16e-6,
                      "nRF52840 Product Specification v1.7, Current consumption: System ON, full 256 KiB RAM retained, "
                      "wake on RTC, 3 V, typical"},
    .cpu_flags = {"-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"},
    .emulator = {"qemu-system-arm", "qemu-system-arm", {"-M", "mps2-an386"}, 0x00000000, 0x20000000, ""},
    .memory_note = "flash wait states (2 without the instruction cache) are not modelled",
};

}  // namespace mote
