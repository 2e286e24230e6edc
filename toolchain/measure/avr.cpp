#include "toolchain/measure/instruction.h"

namespace mote {
namespace {

using enum InstructionCount;

Instruction plain(InstructionCount kind, int size = 2) {
  return {size, kind, 0, false};
}
Instruction jump(InstructionCount kind, int size = 2) {
  return {size, kind, 0, true};
}

// 1001 0xxx: loads, stores, single-register operations and jumps.
Instruction decode_1001(uint16_t i) {
  const int low = i & 15;
  switch (i >> 9 & 7) {
    case 0:  // LDS, LD, LPM, ELPM, POP
      return plain(load, low == 0 ? 4 : 2);
    case 1:  // STS, ST, PUSH
      return plain(store, low == 0 ? 4 : 2);
    case 2:
      if (low == 12 || low == 13) return jump(branch_taken, 4);    // JMP
      if (low == 14 || low == 15) return jump(call, 4);            // CALL
      if (low == 9) return jump(i & 0x100 ? call : branch_taken);  // IJMP, EIJMP, ICALL, EICALL
      if (low == 8) {
        if ((i & 0xffef) == 0x9508) return jump(branch_taken);                         // RET, RETI
        if ((i & 0xff00) == 0x9500) return plain((i & 0xe0) == 0xc0 ? load : system);  // LPM, ELPM; SLEEP, BREAK, WDR
      }
      return plain(alu);
    case 4:  // CBI, SBIC
    case 5:  // SBI, SBIS
      return i & 0x100 ? jump(branch_taken) : plain(store);
    case 6:
    case 7:  // MUL
      return plain(multiply);
    default:  // ADIW, SBIW
      return plain(alu);
  }
}

}  // namespace

Instruction decode_avr(uint16_t first, uint16_t /*second*/) {
  const uint16_t i = first;
  switch (i >> 12) {
    case 0:
      return i >> 8 == 2 || i >> 8 == 3 ? plain(multiply) : plain(alu);  // MULS, MULSU, FMUL...
    case 1:
      return i >> 10 == 4 ? jump(branch_taken) : plain(alu);  // CPSE
    case 8:
    case 10:
      return plain(i & 0x200 ? store : load);  // LDD, STD
    case 9:
      return decode_1001(i);
    case 11:
      return plain(i & 0x800 ? store : load);  // OUT, IN
    case 12:
      return jump(branch_taken);  // RJMP
    case 13:
      return jump(call);  // RCALL
    case 15:
      return (i & 0x800) == 0 || (i & 0xc00) == 0xc00 ? jump(branch_taken) : plain(alu);  // branches, SBRC, SBRS
    default:
      return plain(alu);
  }
}

}  // namespace mote
