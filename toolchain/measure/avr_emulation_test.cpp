// A hand-written program whose instructions and cycles are known by construction, in simavr; and the decoder.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/measure/counts.h"
#include "toolchain/measure/emulate.h"
#include "toolchain/measure/instruction.h"

namespace mote {
namespace {

// Between the marks: the return from mote_mark_begin, LDI, 100 loops of 10 instructions and 20 cycles of which the last
// BRNE takes one less, and the CALL to mote_mark_end.
const char* const kAvrProgram = R"(
        .text
        .global main
        .type main, @function
main:   call    mote_mark_begin
        ldi     r24, 100
1:      lds     r20, 0x0300
        mul     r20, r20
        lpm     r0, Z
        ld      r21, X
        st      X, r21
        push    r20
        pop     r20
        adiw    r30, 1
        dec     r24
        brne    1b
        call    mote_mark_end
        ldi     r24, 0x18
        out     0x1e, r24
        .size main, . - main
)";

class AvrEmulation : public testing::Test {
 protected:
  void SetUp() override {
    if (!find_program("avr-gcc")) GTEST_SKIP() << "needs gcc-avr";
    if (!find_emulator((*find_board("uno"))->emulator)) GTEST_SKIP() << "libsimavr-dev was not there at build time";
    folder_ = fs::path(testing::TempDir()) / "mote_avr_emulation" /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directories(folder_);
  }
  void TearDown() override {
    std::error_code error;
    if (!folder_.empty()) fs::remove_all(folder_, error);
  }

  fs::path build(const std::string& program, const Board& board) const {
    const fs::path startup = fs::path(std::getenv("MOTE_SOURCE_DIR")) / "toolchain/boards/startup";
    const auto ram = static_cast<uint32_t>(board.ram_bytes.value);
    char memory[200];
    std::snprintf(memory, sizeof memory,
                  "MEMORY { FLASH (rx) : ORIGIN = 0, LENGTH = 32K\n RAM (rwx) : ORIGIN = 0x%x, LENGTH = %u }\n"
                  "__stack_top = 0x%x;\n",
                  board.emulator.ram_address, ram, board.emulator.ram_address + ram);
    EXPECT_TRUE(write_file(folder_ / "memory.ld", std::string(memory)));
    EXPECT_TRUE(write_file(folder_ / "program.S", program));
    const auto result = run_process({"avr-gcc", board.cpu_flags[0], "-nostdlib", "-o", "program.elf", "program.S",
                                     (startup / "avr.S").string(), "-T", (startup / "avr.ld").string()},
                                    60, folder_);
    EXPECT_TRUE(result.ok() && result->exit_status == 0) << (result.ok() ? result->errors : result.error().message);
    return folder_ / "program.elf";
  }

  Result<EmulatedRun> run(const std::string& program, const std::string& name, double seconds = 60) const {
    const Board& board = **find_board(name);
    const fs::path image = build(program, board);
    MOTE_TRY(const ElfFile elf, ElfFile::read(image));
    return emulate(image, elf, board.emulator, {folder_, {}, seconds});
  }

  fs::path folder_;
};

TEST_F(AvrEmulation, CountsInstructionsAndCyclesOfAKnownProgram) {
  using enum InstructionCount;
  for (const char* name : {"uno", "mega2560"}) {
    const Board& board = **find_board(name);
    const auto run = this->run(kAvrProgram, name);
    ASSERT_TRUE(run) << run.error().message;
    const auto elf = ElfFile::read(folder_ / "program.elf");
    ASSERT_TRUE(elf);
    const auto executed = classify_counts(run->counts.at(0), *elf);
    ASSERT_TRUE(executed) << executed.error().message;
    const InstructionCounts& n = executed->total;
    EXPECT_EQ(n.instructions(), 2u + 100u * 10u + 1u);
    EXPECT_EQ(n[multiply], 100u);
    EXPECT_EQ(n[load], 400u);  // LDS, LPM, LD, POP
    EXPECT_EQ(n[store], 200u);
    EXPECT_EQ(n[branch_taken], 1u + 99u);
    EXPECT_EQ(n[call], 1u);
    // CALL and RET: 4 cycles, 5 with a program counter of 22 bits.
    const double jumps = board.name == "uno" ? 4 + 4 : 5 + 5;
    const Range<double> cycles = modelled_cycles(*board.cycle_model, n);
    EXPECT_EQ(cycles.typical, jumps + 1 + 100 * 20 - 1);
    EXPECT_EQ(cycles.low, cycles.high);
  }
}

TEST_F(AvrEmulation, AHangingOrCrashingProgramIsADefect) {
  const std::string start = "        .global main\nmain:   ";
  const auto hangs = run(start + "rjmp main\n", "uno", 1);
  ASSERT_FALSE(hangs);
  EXPECT_NE(hangs.error().message.find("did not end within 1 s"), std::string::npos) << hangs.error().message;
  const auto sleeps = run(start + "cli\n        sleep\n", "uno");
  ASSERT_FALSE(sleeps);
  EXPECT_NE(sleeps.error().message.find("ended with status"), std::string::npos) << sleeps.error().message;
}

TEST_F(AvrEmulation, AStackThatReachesTheVariablesIsReported) {
  const auto run = this->run("        .global main\nmain:   push r0\n        rjmp main\n", "uno");
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->report.at(kStackOverrun), 1);
}

TEST(AvrEmulator, MissingSaysWhatToInstall) {
  Emulator emulator = (*find_board("uno"))->emulator;
  emulator.program = "mote_simavr_that_is_not_there";
  EXPECT_FALSE(find_emulator(emulator));
  EXPECT_NE(emulator_advice(emulator).find("apt-get install libsimavr-dev"), std::string::npos);
}

struct Encoding {
  uint16_t first;
  int size;
  InstructionCount kind;
  bool branch;
};

// Words as the assembler gives them.
TEST(AvrDecoder, SizesAndClasses) {
  using enum InstructionCount;
  const Encoding all[] = {
      {0x940c, 4, branch_taken, true},  // jmp
      {0x940e, 4, call, true},          // call
      {0x9508, 2, branch_taken, true},  // ret
      {0x9409, 2, branch_taken, true},  // ijmp
      {0x9509, 2, call, true},          // icall
      {0x9140, 4, load, false},         // lds r20, k
      {0x9340, 4, store, false},        // sts k, r20
      {0x915c, 2, load, false},         // ld r21, X
      {0x935c, 2, store, false},        // st X, r21
      {0x8140, 2, load, false},         // ldd r20, Z+0
      {0x8240, 2, store, false},        // std Z+0, r4
      {0x9004, 2, load, false},         // lpm r0, Z
      {0x95c8, 2, load, false},         // lpm
      {0x95d8, 2, load, false},         // elpm
      {0x9f44, 2, multiply, false},     // mul r20, r20
      {0x0201, 2, multiply, false},     // muls r16, r17
      {0x0301, 2, multiply, false},     // mulsu r16, r17
      {0x0f44, 2, alu, false},          // add r20, r20
      {0x9631, 2, alu, false},          // adiw r30, 1
      {0x958a, 2, alu, false},          // dec r24
      {0x94f8, 2, alu, false},          // cli
      {0x9588, 2, system, false},       // sleep
      {0xf7a1, 2, branch_taken, true},  // brne
      {0xfd07, 2, branch_taken, true},  // sbrc r16, 7
      {0xf907, 2, alu, false},          // bld r16, 7
      {0x1301, 2, branch_taken, true},  // cpse r16, r17
      {0xcfff, 2, branch_taken, true},  // rjmp
      {0xd000, 2, call, true},          // rcall
      {0xbf8d, 2, store, false},        // out
      {0xb78d, 2, load, false},         // in
      {0xe68e, 2, alu, false},          // ldi
  };
  for (const Encoding& each : all) {
    const Instruction found = decode_avr(each.first, 0);
    EXPECT_EQ(found.size, each.size) << std::hex << each.first;
    EXPECT_EQ(found.kind, each.kind) << std::hex << each.first;
    EXPECT_EQ(found.branch, each.branch) << std::hex << each.first;
  }
}

}  // namespace
}  // namespace mote
