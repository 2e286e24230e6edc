#include <gtest/gtest.h>

#include "toolchain/measure/instruction.h"

namespace mote {
namespace {

using enum InstructionCount;

struct RiscvCase {
  const char* text;
  uint16_t first, second;
  int size;
  InstructionCount kind;
  bool branch;
};

// Encodings as riscv64-unknown-elf-as 2.40 writes them for rv32imc.
const RiscvCase kRiscvCases[] = {
    {"c.addi a0,1", 0x0505, 0x0000, 2, alu, false},
    {"c.addi zero,0", 0x0001, 0x0000, 2, alu, false},
    {"c.lw a0,4(a1)", 0x41c8, 0x0000, 2, load, false},
    {"c.lw a0,4(a1)", 0x41c8, 0x0000, 2, load, false},
    {"c.lwsp a0,8(sp)", 0x4522, 0x0000, 2, load, false},
    {"lb a0,300(a1)", 0x8503, 0x12c5, 4, load, false},
    {"c.sw a0,4(a1)", 0xc1c8, 0x0000, 2, store, false},
    {"c.sw a0,4(a1)", 0xc1c8, 0x0000, 2, store, false},
    {"c.swsp a0,8(sp)", 0xc42a, 0x0000, 2, store, false},
    {"mul a0,a1,a2", 0x8533, 0x02c5, 4, multiply, false},
    {"mulh a0,a1,a2", 0x9533, 0x02c5, 4, multiply_long, false},
    {"div a0,a1,a2", 0xc533, 0x02c5, 4, divide, false},
    {"remu a0,a1,a2", 0xf533, 0x02c5, 4, divide, false},
    {"add a0,a1,a2", 0x8533, 0x00c5, 4, alu, false},
    {"beq a0,a1,30", 0x0463, 0x00b5, 4, branch_taken, true},
    {"c.beqz a0,34", 0xc501, 0x0000, 2, branch_taken, true},
    {"c.bnez a0,36", 0xe501, 0x0000, 2, branch_taken, true},
    {"c.j 38", 0xa021, 0x0000, 2, branch_taken, true},
    {"c.jal 3a", 0x2021, 0x0000, 2, call, true},
    {"jal ra,3c", 0x00ef, 0x0080, 4, call, true},
    {"jal zero,fd8", 0x006f, 0x7a10, 4, branch_taken, true},
    {"c.jr ra", 0x8082, 0x0000, 2, branch_taken, true},
    {"c.jalr a5", 0x9782, 0x0000, 2, call, true},
    {"jalr ra,0(a5)", 0x80e7, 0x0007, 4, call, true},
    {"jalr zero,0(a5)", 0x8067, 0x0007, 4, branch_taken, true},
    {"c.mv a0,a1", 0x852e, 0x0000, 2, alu, false},
    {"c.add a0,a1", 0x952e, 0x0000, 2, alu, false},
    {"c.ebreak", 0x9002, 0x0000, 2, system, false},
    {"c.ebreak", 0x9002, 0x0000, 2, system, false},
    {"fence iorw,iorw", 0x000f, 0x0ff0, 4, system, false},
    {"c.li a0,3", 0x450d, 0x0000, 2, alu, false},
    {"c.lui a0,0x3", 0x650d, 0x0000, 2, alu, false},
    {"c.addi16sp sp,32", 0x6105, 0x0000, 2, alu, false},
    {"c.sub a0,a1", 0x8d0d, 0x0000, 2, alu, false},
    {"c.lui a0,0x5", 0x6515, 0x0000, 2, alu, false},
};

TEST(Riscv, SizeClassAndBranch) {
  for (const RiscvCase& each : kRiscvCases) {
    const Instruction i = decode_riscv(each.first, each.second);
    EXPECT_EQ(i.size, each.size) << each.text;
    EXPECT_EQ(i.kind, each.kind) << each.text;
    EXPECT_EQ(i.branch, each.branch) << each.text;
  }
}

}  // namespace
}  // namespace mote
