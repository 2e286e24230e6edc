#include "toolchain/boards/boards.h"

namespace mote {

extern const Board mega2560_board;
const Board mega2560_board = {
    .name = "mega2560",
    .title = "Arduino Mega 2560 (ATmega2560)",
    .cycle_model = &avr_cycles(),
    .compiler = &avr_compiler(),
    .clock_hz = {16e6, "Arduino Mega 2560 Rev3: 16 MHz crystal"},
    .flash_bytes = {256 * 1024, "ATmega2560 Datasheet (Atmel-2549), Features; a boot loader takes 8 KiB of them"},
    .ram_bytes = {8 * 1024, "ATmega2560 Datasheet (Atmel-2549), Features"},
    .volts = {5, "Arduino Mega 2560 Rev3: supply of the microcontroller"},
    .active_amperes = {20e-3,
                       "ATmega2560 Datasheet (Atmel-2549), DC Characteristics: Active, 8 MHz, 5 V, typical 10 mA, "
                       "doubled for 16 MHz. The microcontroller alone: the board's regulator, USB chip and LED take "
                       "more"},
    .sleep_amperes = {5e-6,
                      "ATmega2560 Datasheet (Atmel-2549), DC Characteristics: Power-down with watchdog, typical below "
                      "5 uA at 3 V. The microcontroller alone"},
    .cpu_flags = {"-mmcu=atmega2560"},
    .emulator = {"mote_simavr", "libsimavr-dev", {"-m", "atmega2560"}, 0x000000, 0x800200, "", std::nullopt, true},
    .memory_note = "flash and RAM of this core answer without wait states",
};

}  // namespace mote
