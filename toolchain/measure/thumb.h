// Decodes Thumb and Thumb-2 instructions as far as the cycle models need: size, class, registers moved.
#pragma once
#include <cstdint>

#include "toolchain/boards/instruction_class.h"

namespace mote {

struct ThumbInstruction {
  int size = 2;                                   // bytes
  InstructionCount kind = InstructionCount::alu;  // of a branch: what it counts as when it is taken (else as alu)
  int registers = 0;                              // words moved by transfer_multiple, return_multiple, fpu_transfer
  bool branch = false;                            // may change the flow
};

constexpr int thumb_size(uint16_t first) {
  return first >> 11 >= 0x1d ? 4 : 2;
}

// `second` is ignored for 16-bit instructions. Encodings: Arm DDI 0403 (ARMv7-M), chapters A5 and A6. What is not
// allocated there counts as alu.
ThumbInstruction decode_thumb(uint16_t first, uint16_t second);

}  // namespace mote
