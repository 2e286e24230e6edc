#include "toolchain/measure/instruction.h"

#include <gtest/gtest.h>

namespace mote {
namespace {

using enum InstructionCount;

struct Case {
  const char* text;
  uint16_t first, second;
  int size;
  InstructionCount kind;
  int registers;
  bool branch;
};

// Encodings as arm-none-eabi-as 2.40 writes them.
const Case kCases[] = {
    {"movs r0, #1", 0x2001, 0, 2, alu, 0, false},
    {"muls r0, r1", 0x4348, 0, 2, multiply, 0, false},
    {"mov pc, lr", 0x46f7, 0, 2, branch_taken, 0, true},
    {"cmp pc, r8 is no branch", 0x45c7, 0, 2, alu, 0, false},
    {"bx lr", 0x4770, 0, 2, branch_taken, 0, true},
    {"ldr r0, [pc, #4]", 0x4801, 0, 2, load, 0, false},
    {"strb r0, [r1, r2]", 0x5488, 0, 2, store, 0, false},
    {"ldrsb r0, [r1, r2]", 0x5688, 0, 2, load, 0, false},
    {"ldr r0, [r1]", 0x6808, 0, 2, load, 0, false},
    {"str r0, [sp]", 0x9000, 0, 2, store, 0, false},
    {"push {r4, r5, lr}", 0xb530, 0, 2, transfer_multiple, 3, false},
    {"pop {r4, r5}", 0xbc30, 0, 2, transfer_multiple, 2, false},
    {"pop {r4, pc}", 0xbd10, 0, 2, return_multiple, 2, true},
    {"cbz r0, .+4", 0xb100, 0, 2, branch_taken, 0, true},
    {"cbnz r0, .+4", 0xb900, 0, 2, branch_taken, 0, true},
    {"it eq", 0xbf08, 0, 2, alu, 0, false},
    {"ldmia r0!, {r1, r2, r3}", 0xc80e, 0, 2, transfer_multiple, 3, false},
    {"bne", 0xd1fe, 0, 2, branch_taken, 0, true},
    {"svc 0", 0xdf00, 0, 2, alu, 0, false},
    {"b", 0xe7fe, 0, 2, branch_taken, 0, true},
    {"ldmia.w sp!, {r4, r8, pc}", 0xe8bd, 0x8110, 4, return_multiple, 3, true},
    {"stmdb sp!, {r4, r8}", 0xe92d, 0x0110, 4, transfer_multiple, 2, false},
    {"ldrd r0, r1, [r2, #8]", 0xe9d2, 0x0102, 4, transfer_double, 0, false},
    {"ldrd r0, r1, [r2], #8", 0xe8f2, 0x0102, 4, transfer_double, 0, false},
    {"ldrex r0, [r1]", 0xe851, 0x0f00, 4, load, 0, false},
    {"tbb [pc, r0]", 0xe8df, 0xf000, 4, branch_taken, 0, true},
    {"add.w r0, r1, r2", 0xeb01, 0x0002, 4, alu, 0, false},
    {"vldr s0, [r0]", 0xed90, 0x0a00, 4, fpu_transfer, 1, false},
    {"vldr d0, [r0]", 0xed90, 0x0b00, 4, fpu_transfer, 2, false},
    {"vldmia r0!, {s0-s3}", 0xecb0, 0x0a04, 4, fpu_transfer, 4, false},
    {"vpush {d8}", 0xed2d, 0x8b02, 4, fpu_transfer, 2, false},
    {"vmov r0, r1, d0", 0xec51, 0x0b10, 4, fpu, 0, false},
    {"vmul.f32 s0, s1, s2", 0xee20, 0x0a81, 4, fpu, 0, false},
    {"vdiv.f32 s0, s1, s2", 0xee80, 0x0a81, 4, fpu_divide, 0, false},
    {"vsqrt.f32 s0, s1", 0xeeb1, 0x0ae0, 4, fpu_divide, 0, false},
    {"vneg.f32 s0, s1", 0xeeb1, 0x0a60, 4, fpu, 0, false},
    {"bl", 0xf000, 0xf800, 4, call, 0, true},
    {"b.w", 0xf000, 0xb800, 4, branch_taken, 0, true},
    {"beq.w", 0xf000, 0x8000, 4, branch_taken, 0, true},
    {"dsb", 0xf3bf, 0x8f4f, 4, system, 0, false},
    {"mrs r0, primask", 0xf3ef, 0x8010, 4, system, 0, false},
    {"nop.w", 0xf3af, 0x8000, 4, alu, 0, false},
    {"movw r0, #1", 0xf240, 0x0001, 4, alu, 0, false},
    {"ldrsb.w r0, [r1, #1]", 0xf991, 0x0001, 4, load, 0, false},
    {"ldr.w pc, [r0]", 0xf8d0, 0xf000, 4, branch_taken, 0, true},
    {"pld [r0]", 0xf890, 0xf000, 4, alu, 0, false},
    {"strh.w r0, [r1, #2]", 0xf8a1, 0x0002, 4, store, 0, false},
    {"sxtb.w r0, r8", 0xfa4f, 0xf088, 4, alu, 0, false},
    {"mul r0, r1, r2", 0xfb01, 0xf002, 4, multiply, 0, false},
    {"mla r0, r1, r2, r3", 0xfb01, 0x3002, 4, multiply_accumulate, 0, false},
    {"smlad r0, r1, r2, r3", 0xfb21, 0x3002, 4, multiply, 0, false},
    {"smull r0, r1, r2, r3", 0xfb82, 0x0103, 4, multiply_long, 0, false},
    {"smlal r0, r1, r2, r3", 0xfbc2, 0x0103, 4, multiply_long_accumulate, 0, false},
    {"sdiv r0, r1, r2", 0xfb91, 0xf0f2, 4, divide, 0, false},
    {"udiv r0, r1, r2", 0xfbb1, 0xf0f2, 4, divide, 0, false},
    {"csel r0, r1, r2, eq", 0xea51, 0x8002, 4, alu, 0, false},
    {"dls lr, r1", 0xf041, 0xe001, 4, alu, 0, false},
    {"dlstp.8 lr, r4", 0xf004, 0xe001, 4, alu, 0, false},
    {"wls lr, r1", 0xf041, 0xc00b, 4, branch_taken, 0, true},
    {"wlstp.8 lr, r4", 0xf004, 0xc009, 4, branch_taken, 0, true},
    {"le lr", 0xf00f, 0xc003, 4, loop_end, 0, true},
    {"le", 0xf02f, 0xc005, 4, loop_end, 0, true},
    {"letp lr", 0xf01f, 0xc007, 4, loop_end, 0, true},
    {"vctp.8 r1", 0xf001, 0xe801, 4, alu, 0, false},
    {"vpst", 0xfe71, 0x0f4d, 4, alu, 0, false},
    {"vldrb.u8 q0, [r1], #16", 0xecb1, 0x1e10, 4, vector_transfer, 0, false},
    {"vldrb.s32 q0, [r1, #4]", 0xed91, 0x0f04, 4, vector_transfer, 0, false},
    {"vldrw.u32 q0, [r1, q1]", 0xfc91, 0x0f42, 4, vector_transfer, 0, false},
    {"vstrb.32 q0, [r1], #4", 0xeca1, 0x0f04, 4, vector_transfer, 0, false},
    {"vld40.8 {q0-q3}, [r0]", 0xfc90, 0x1e01, 4, vector_transfer, 0, false},
    {"vmladava.s8 r0, q0, q0", 0xeef0, 0x0f20, 4, vector, 0, false},
    {"vqrdmulh.s32 q0, q1, q2", 0xff22, 0x0b44, 4, vector, 0, false},
    {"vrshl.s32 q0, q1, q2", 0xef24, 0x0542, 4, vector, 0, false},
    {"vrshl.s32 q0, r1", 0xee3b, 0x1e61, 4, vector, 0, false},
    {"vmullb.s8 q0, q1, q2", 0xee03, 0x0e04, 4, vector, 0, false},
    {"vcmp.i32 eq, q0, q1", 0xfe21, 0x0f02, 4, vector, 0, false},
    {"vmul.f32 q0, q1, q2", 0xff02, 0x0d54, 4, vector, 0, false},
    {"vdup.32 q0, r1", 0xeea0, 0x1b10, 4, vector, 0, false},
    {"vmov q0[2], q0[0], r0, r1", 0xec11, 0x0f00, 4, fpu, 0, false},
    {"vmov.32 q0[1], r0", 0xee20, 0x0b10, 4, fpu, 0, false},
    {"vmrs r0, p0", 0xeefd, 0x0a10, 4, fpu, 0, false},
    {"vselvs.f32 s0, s1, s2", 0xfe10, 0x0a81, 4, fpu, 0, false},
};

TEST(Thumb, DecodesEveryClass) {
  for (const Case& c : kCases) {
    const Instruction i = decode_thumb(c.first, c.second);
    EXPECT_EQ(i.size, c.size) << c.text;
    EXPECT_EQ(static_cast<int>(i.kind), static_cast<int>(c.kind)) << c.text;
    EXPECT_EQ(i.registers, c.registers) << c.text;
    EXPECT_EQ(i.branch, c.branch) << c.text;
  }
}

TEST(Thumb, AnyBytesDecodeToAKnownSize) {
  for (uint32_t first = 0; first < 0x10000; ++first) {
    for (const uint16_t second : {uint16_t{0}, uint16_t{0x8000}, uint16_t{0xffff}}) {
      const Instruction i = decode_thumb(static_cast<uint16_t>(first), second);
      ASSERT_EQ(i.size, first >> 11 >= 0x1d ? 4 : 2);
      ASSERT_LT(static_cast<size_t>(i.kind), kInstructionClasses);
    }
  }
}

}  // namespace
}  // namespace mote
