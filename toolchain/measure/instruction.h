// Decodes instructions as far as the cycle models need: size, class, registers moved.
#pragma once
#include <cstdint>

#include "toolchain/boards/instruction_class.h"

namespace mote {

struct Instruction {
  int size = 2;                                   // bytes
  InstructionCount kind = InstructionCount::alu;  // of a branch: what it counts as when it is taken (else as alu)
  int registers = 0;                              // words moved by transfer_multiple, return_multiple, fpu_transfer
  bool branch = false;                            // may change the flow
};

// All take two halfwords in the order of memory; `second` is ignored for 16-bit instructions. What is not allocated
// counts as alu.

// Thumb and Thumb-2. Encodings: Arm DDI 0403 (ARMv7-M), chapters A5 and A6; Arm DDI 0553 (Armv8-M), chapter C2, for
// loops and Helium.
Instruction decode_thumb(uint16_t first, uint16_t second);

// RV32IMC and Zicsr. Encodings: The RISC-V Instruction Set Manual, volume I, chapters "RV32/64G Instruction Set
// Listings" and "C Standard Extension".
Instruction decode_riscv(uint16_t first, uint16_t second);

// AVR, 8-bit core. Encodings: AVR Instruction Set Manual (Atmel-0856).
Instruction decode_avr(uint16_t first, uint16_t second);

}  // namespace mote
