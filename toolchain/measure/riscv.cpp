#include "toolchain/measure/instruction.h"

namespace mote {
namespace {

using enum InstructionCount;

constexpr uint32_t kReturnAddress = 1;  // the register that calls write

Instruction jump(int size, bool is_call) {
  return {size, is_call ? call : branch_taken, 0, true};
}

// Quadrant in bits 1..0, function in bits 15..13.
Instruction decode_compressed(uint16_t i) {
  const auto plain = [](InstructionCount kind) { return Instruction{2, kind, 0, false}; };
  const int function = i >> 13;
  switch (i & 3) {
    case 0:
      return plain(function == 2 ? load : function == 6 ? store : alu);
    case 1:
      if (function == 1) return jump(2, true);  // C.JAL
      return function == 5 || function >= 6 ? jump(2, false) : plain(alu);
    default:
      if (function == 2) return plain(load);
      if (function == 6) return plain(store);
      if (function != 4 || (i >> 2 & 31) != 0) return plain(alu);  // C.MV, C.ADD and others
      if ((i >> 7 & 31) == 0) return plain(system);                // C.EBREAK
      return jump(2, i >> 12 & 1);                                 // C.JR, C.JALR
  }
}

Instruction decode_full(uint32_t i) {
  const auto plain = [](InstructionCount kind) { return Instruction{4, kind, 0, false}; };
  const bool links = (i >> 7 & 31) == kReturnAddress;
  switch (i & 0x7f) {
    case 0x03:
      return plain(load);
    case 0x23:
      return plain(store);
    case 0x63:
      return jump(4, false);
    case 0x67:
    case 0x6f:
      return jump(4, links);
    case 0x0f:
    case 0x73:
      return plain(system);
    case 0x33:
      if (i >> 25 != 1) return plain(alu);
      return plain(i >> 14 & 1 ? divide : (i >> 12 & 3) == 0 ? multiply : multiply_long);
    default:
      return plain(alu);
  }
}

}  // namespace

Instruction decode_riscv(uint16_t first, uint16_t second) {
  return (first & 3) == 3 ? decode_full(uint32_t{second} << 16 | first) : decode_compressed(first);
}

}  // namespace mote
