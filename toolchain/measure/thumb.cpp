#include "toolchain/measure/instruction.h"

#include <bit>
#include <optional>

namespace mote {
namespace {

using enum InstructionCount;

constexpr int kProgramCounter = 15;

Instruction wide(InstructionCount kind, int registers = 0, bool branch = false) {
  return {4, kind, registers, branch};
}

Instruction decode_narrow(uint16_t i) {
  const auto narrow = [](InstructionCount kind, int registers = 0, bool branch = false) {
    return Instruction{2, kind, registers, branch};
  };
  const int low_registers = std::popcount(static_cast<unsigned>(i & 0xff));
  switch (i >> 12) {
    case 0x4:
      if (i >> 10 == 0x10) return narrow((i >> 6 & 15) == 13 ? multiply : alu);
      if (i >> 11 == 0x09) return narrow(load);                          // from the literal pool
      if ((i & 0xff00) == 0x4700) return narrow(branch_taken, 0, true);  // BX, BLX
      // ADD and MOV may name the program counter as their destination; CMP has none.
      if ((i & 0x0300) != 0x0100 && ((i & 7) | (i >> 4 & 8)) == kProgramCounter) return narrow(branch_taken, 0, true);
      return narrow(alu);
    case 0x5:
      return narrow((i >> 9 & 7) < 3 ? store : load);
    case 0x6:
    case 0x7:
    case 0x8:
    case 0x9:
      return narrow(i & 0x0800 ? load : store);
    case 0xb:
      if ((i & 0xf500) == 0xb100) return narrow(branch_taken, 0, true);  // CBZ, CBNZ
      if ((i & 0xfe00) == 0xb400) return narrow(transfer_multiple, low_registers + (i >> 8 & 1));
      if ((i & 0xff00) == 0xbc00) return narrow(transfer_multiple, low_registers);
      if ((i & 0xff00) == 0xbd00) return narrow(return_multiple, low_registers + 1, true);
      if ((i & 0xffe0) == 0xb660) return narrow(system);  // CPS
      return narrow(alu);
    case 0xc:
      return narrow(transfer_multiple, low_registers);
    case 0xd:
      return (i >> 8 & 15) < 14 ? narrow(branch_taken, 0, true) : narrow(alu);  // else UDF, SVC
    case 0xe:
      return narrow(branch_taken, 0, true);
    default:
      return narrow(alu);
  }
}

Instruction decode_floating_point(uint16_t i, uint16_t j) {
  if ((i & 0xfe00) == 0xec00) {
    if ((i & 0xffe0) == 0xec40) return wide(fpu);         // VMOV between two core registers and the FPU
    const bool single_transfer = (i & 0x0120) == 0x0100;  // VLDR, VSTR: indexed, no write-back
    const bool double_precision = (j & 0x0f00) == 0x0b00;
    return wide(fpu_transfer, single_transfer ? (double_precision ? 2 : 1) : j & 0xff);
  }
  const bool data_processing = (i & 0xff00) == 0xee00 && (j & 0x0010) == 0;
  const bool division = (i & 0x00b0) == 0x0080 && (j & 0x0040) == 0;
  const bool square_root = (i & 0x00bf) == 0x00b1 && (j & 0x00c0) == 0x00c0;
  return wide(data_processing && (division || square_root) ? fpu_divide : fpu);
}

// Helium, Armv8.1-M's vector extension, by the coprocessor number that an instruction names: 14 or 15, or any where the
// first byte is EF or FF. nullopt: another instruction.
std::optional<Instruction> decode_vector(uint16_t i, uint16_t j) {
  const bool high_coprocessor = (j & 0x0e00) == 0x0e00;
  const bool duplicate = (i & 0xff90) == 0xee80 && (j & 0x0f50) == 0x0b10;  // VDUP
  if (!high_coprocessor && (i & 0xef00) != 0xef00 && !duplicate) return std::nullopt;
  if ((i & 0xffa0) == 0xec00) return wide(fpu);                            // VMOV of two core registers
  if ((i & 0xffbf) == 0xfe31 && (j & 0x1fff) == 0x0f4d) return wide(alu);  // VPST
  return wide((i & 0xee00) == 0xec00 ? vector_transfer : vector);
}

// First halfword 1110 100x: several registers, two registers, exclusive, table branch.
Instruction decode_multiple(uint16_t i, uint16_t j) {
  const bool is_load = i & 0x0010;
  if ((i & 0x0040) == 0) {
    const bool returns = is_load && (j & 0x8000);
    return wide(returns ? return_multiple : transfer_multiple, std::popcount(static_cast<unsigned>(j)), returns);
  }
  if ((i & 0xfff0) == 0xe8d0 && (j & 0x00e0) == 0) return wide(branch_taken, 0, true);  // TBB, TBH
  if ((i & 0x0120) == 0) return wide(is_load ? load : store);                           // exclusive
  return wide(transfer_double);
}

// The low-overhead loops of Armv8.1-M: DLS, WLS, LE and their forms with tail predication, VCTP.
Instruction decode_loop(uint16_t i, uint16_t j) {
  if (j & 0x2000) return wide(alu);
  return wide((i & 15) == kProgramCounter ? loop_end : branch_taken, 0, true);
}

Instruction decode_branch_or_system(uint16_t i, uint16_t j) {
  if ((j & 0xd000) == 0xc000) return decode_loop(i, j);
  if ((j & 0xd000) == 0xd000) return wide(call, 0, true);
  if ((j & 0xd000) == 0x9000) return wide(branch_taken, 0, true);
  if ((i & 0x0380) != 0x0380) return wide(branch_taken, 0, true);  // conditional
  const bool special_register = (i & 0xffe0) == 0xf380 || (i & 0xffe0) == 0xf3e0;
  const bool barrier = (i & 0xfff0) == 0xf3b0;
  return wide(special_register || barrier ? system : alu);
}

Instruction decode_multiplication(uint16_t i, uint16_t j) {
  const int operation = i >> 4 & 7;
  if ((i & 0xff80) == 0xfb00) {
    const bool has_accumulator = (j >> 12) != 15;
    return wide(operation == 0 && has_accumulator ? multiply_accumulate : multiply);
  }
  if (operation == 1 || operation == 3) return wide(divide);
  return wide(operation < 4 ? multiply_long : multiply_long_accumulate);
}

// First halfword 1111 100x: one register to or from memory.
Instruction decode_single(uint16_t i, uint16_t j) {
  if ((i & 0x0010) == 0) return wide(store);
  const bool to_program_counter = j >> 12 == kProgramCounter;
  if (!to_program_counter) return wide(load);
  return (i & 0x0060) == 0x0040 ? wide(branch_taken, 0, true) : wide(alu);  // LDR PC, or a preload hint
}

}  // namespace

Instruction decode_thumb(uint16_t first, uint16_t second) {
  if (first >> 11 < 0x1d) return decode_narrow(first);
  if ((first & 0xec00) == 0xec00) {
    if (const auto vector = decode_vector(first, second)) return *vector;
    return decode_floating_point(first, second);  // all other coprocessor space
  }
  if ((first & 0xfe00) == 0xe800) return decode_multiple(first, second);
  if ((first & 0xf800) == 0xf000) return second & 0x8000 ? decode_branch_or_system(first, second) : wide(alu);
  if ((first & 0xfe00) == 0xf800) return decode_single(first, second);
  if ((first & 0xff00) == 0xfb00) return decode_multiplication(first, second);
  return wide(alu);
}

}  // namespace mote
