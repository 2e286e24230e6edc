#include "toolchain/boards/boards.h"

namespace mote {

extern const Board uno_board;
const Board uno_board = {
    .name = "uno",
    .title = "Arduino Uno (ATmega328P)",
    .cycle_model = &avr_cycles(),
    .compiler = &avr_compiler(),
    .clock_hz = {16e6, "Arduino Uno Rev3: 16 MHz resonator"},
    .flash_bytes = {32 * 1024, "ATmega328P Datasheet (DS40002061), Features; a boot loader takes 0.5 KiB of them"},
    .ram_bytes = {2 * 1024, "ATmega328P Datasheet (DS40002061), Features"},
    .volts = {5, "Arduino Uno Rev3: supply of the microcontroller"},
    .active_amperes =
        {10.4e-3,
         "ATmega328P Datasheet (DS40002061), DC Characteristics: Active, 8 MHz, 5 V, typical 5.2 mA, doubled for 16 "
         "MHz. The microcontroller alone: the board's regulator, USB chip and LED take more"},
    .sleep_amperes =
        {4.2e-6,
         "ATmega328P Datasheet (DS40002061), DC Characteristics: Power-down with watchdog, typical at 3 V. "
         "The microcontroller alone"},
    .cpu_flags = {"-mmcu=atmega328p"},
    .emulator = {"mote_simavr", "libsimavr-dev", {"-m", "atmega328p"}, 0x000000, 0x800100, "", std::nullopt, true},
    .memory_note = "flash and RAM of this core answer without wait states",
};

}  // namespace mote
