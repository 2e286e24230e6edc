// A hand-written program whose counts are known by construction, and QEMU's own trace as a second opinion.
#include "toolchain/measure/emulate.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "toolchain/base/files.h"
#include "toolchain/base/process.h"
#include "toolchain/measure/counts.h"

namespace mote {
namespace {

constexpr int kLoops = 100;

// Between the marks: one BX (back from mote_mark_begin), 2 instructions, 100 loops of 13 instructions, the last branch
// of them not taken, and the BL to mote_mark_end.
const char* const kProgram = R"(
        .syntax unified
        .thumb
        .text
        .thumb_func
        .global main
        .type main, %function
main:   push    {r4, lr}
        bl      mote_mark_begin
        ldr     r0, =data
        movs    r4, #100
1:      ldr     r1, [r0]
        ldr     r2, [r0, #4]
        str     r1, [r0, #8]
        mul     r3, r1, r2
        mla     r3, r1, r2, r3
        smull   r2, r3, r1, r2
        ldrd    r2, r3, [r0]
        push    {r1-r3}
        pop     {r1-r3}
        movs    r1, #3
        udiv    r3, r3, r1
        subs    r4, #1
        bne     1b
        bl      mote_mark_end
        ldr     r1, =0x20026
        movs    r0, #0x18
        bkpt    0xab
        .size main, . - main
        .data
        .balign 8
data:   .word 3, 4, 5, 6
)";

class EmulateTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!find_program("arm-none-eabi-gcc") || !find_program("qemu-system-arm")) {
      GTEST_SKIP() << "needs gcc-arm-none-eabi and qemu-system-arm";
    }
    ASSERT_NE(std::getenv("MOTE_SOURCE_DIR"), nullptr);
    folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directories(folder_);
  }
  void TearDown() override {
    std::error_code error;
    if (!folder_.empty()) fs::remove_all(folder_, error);
  }

  fs::path build(const std::string& program,
                 const std::vector<std::string>& cpu = {"-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"}) {
    const fs::path startup = fs::path(std::getenv("MOTE_SOURCE_DIR")) / "toolchain/boards/startup";
    EXPECT_TRUE(write_file(folder_ / "program.S", program));
    EXPECT_TRUE(write_file(
        folder_ / "memory.ld",
        std::string("MEMORY { FLASH (rx) : ORIGIN = 0, LENGTH = 1M\n RAM (rwx) : ORIGIN = 0x20000000, LENGTH "
                    "= 64K }\nREGION_ALIAS(\"VECTORS\", FLASH)\n__stack_top = 0x20010000;\n")));
    std::vector<std::string> command = {"arm-none-eabi-gcc", "-mthumb", "-nostdlib", "-o", "program.elf", "program.S"};
    command.insert(command.end(), {(startup / "cortex_m.S").string(), "-T", (startup / "cortex_m.ld").string()});
    command.insert(command.end(), cpu.begin(), cpu.end());
    const auto result = run_process(command, 60, folder_);
    EXPECT_TRUE(result.ok() && result->exit_status == 0) << (result.ok() ? result->errors : result.error().message);
    return folder_ / "program.elf";
  }

  fs::path folder_;
  const Emulator emulator_ = {"qemu-system-arm", "qemu-system-arm", {"-M", "mps2-an386"}, 0, 0x20000000, ""};
};

TEST_F(EmulateTest, CountsAKnownProgramByClass) {
  const fs::path image = build(kProgram);
  const auto elf = ElfFile::read(image);
  ASSERT_TRUE(elf) << elf.error().message;
  const auto run = emulate(image, *elf, emulator_, {folder_, {}, 60});
  ASSERT_TRUE(run) << run.error().message;
  const auto executed = classify_counts(run->counts.at(0), *elf);
  ASSERT_TRUE(executed) << executed.error().message;
  const InstructionCounts& n = executed->total;
  using enum InstructionCount;
  EXPECT_EQ(n.instructions(), 1u + 2u + 13u * kLoops + 1u);
  EXPECT_EQ(n[load], 1u + kLoops);
  EXPECT_EQ(n[load_paired], 1u * kLoops);
  EXPECT_EQ(n[store], 1u * kLoops);
  EXPECT_EQ(n[multiply], 1u * kLoops);
  EXPECT_EQ(n[multiply_accumulate], 1u * kLoops);
  EXPECT_EQ(n[multiply_long], 1u * kLoops);
  EXPECT_EQ(n[transfer_double], 1u * kLoops);
  EXPECT_EQ(n[transfer_multiple], 2u * kLoops);
  EXPECT_EQ(n[transfer_registers], 6u * kLoops);
  EXPECT_EQ(n[divide], 1u * kLoops);
  EXPECT_EQ(n[branch_taken], 1u + kLoops - 1u);
  EXPECT_EQ(n[call], 1u);
  EXPECT_EQ(n[alu], 1u + 2u * kLoops + 1u);
  // One loop, taken branch: 2+1+1+1+1+1+3+4+4+1+7+1+3; what stands around it: BX 3, MOVS 1, LDR 2, BL 3; the last
  // branch is two cycles cheaper.
  EXPECT_EQ(modelled_cycles(cortex_m4_cycles(), n).typical, 30.0 * kLoops - 2 + 3 + 1 + 2 + 3);
}

// A loop of 12 turns, and a tail-predicated one over 40 bytes, of 3 turns; the loops' last ends are not taken.
const char* const kVectorProgram = R"(
        .syntax unified
        .thumb
        .text
        .thumb_func
        .global main
        .type main, %function
main:   push    {r4, lr}
        bl      mote_mark_begin
        movs    r0, #0
        movs    r4, #40
        movs    r2, #12
        dls     lr, r2
1:      adds    r0, #1
        le      lr, 1b
        movw    r1, #:lower16:data
        movt    r1, #:upper16:data
        dlstp.8 lr, r4
2:      vldrb.u8 q0, [r1], #16
        vmladava.s8 r0, q0, q0
        letp    lr, 2b
        bl      mote_mark_end
        ldr     r1, =0x20026
        cmp     r0, #52
        it      ne
        movne   r1, #0
        movs    r0, #0x18
        bkpt    0xab
        .size main, . - main
        .data
        .balign 8
data:   .fill 48, 1, 1
)";

TEST_F(EmulateTest, CountsHeliumAndItsLoops) {
  const fs::path image = build(kVectorProgram, {"-mcpu=cortex-m55", "-mfloat-abi=hard"});
  const auto elf = ElfFile::read(image);
  ASSERT_TRUE(elf) << elf.error().message;
  const Emulator emulator = {"qemu-system-arm", "qemu-system-arm", {"-M", "mps3-an547"}, 0, 0x20000000, ""};
  const auto run = emulate(image, *elf, emulator, {folder_, {}, 60});
  ASSERT_TRUE(run) << run.error().message;
  const auto executed = classify_counts(run->counts.at(0), *elf);
  ASSERT_TRUE(executed) << executed.error().message;
  const InstructionCounts& n = executed->total;
  using enum InstructionCount;
  EXPECT_EQ(n.instructions(), 1u + 4u + 12u * 2u + 3u + 3u * 3u + 1u);
  EXPECT_EQ(n[vector], 3u);
  EXPECT_EQ(n[vector_transfer], 3u);
  EXPECT_EQ(n[loop_end], 11u + 2u);
  EXPECT_EQ(n[branch_taken], 1u);  // back from mote_mark_begin
  EXPECT_EQ(n[call], 1u);
}

TEST_F(EmulateTest, AgreesWithTheEmulatorsTrace) {
  const fs::path image = build(kProgram);
  const auto elf = ElfFile::read(image);
  ASSERT_TRUE(elf);
  const auto run = emulate(image, *elf, emulator_, {folder_, {}, 60});
  ASSERT_TRUE(run) << run.error().message;
  std::vector<std::string> traced = run->command;
  traced.insert(traced.end(), {"-singlestep", "-d", "exec,nochain", "-D", "trace.log"});  // one line per instruction
  const auto result = run_process(traced, 60, folder_);
  ASSERT_TRUE(result);
  if (result->exit_status != 0) GTEST_SKIP() << "this QEMU has no -singlestep: " << result->errors;
  std::ifstream in(folder_ / "trace.log");
  const uint32_t begin = elf->find("mote_mark_begin")->address, end = elf->find("mote_mark_end")->address;
  uint64_t count = 0;
  bool counting = false;
  // "Trace 0: host [flags/guest address/...] symbol"
  for (std::string line; std::getline(in, line);) {
    const size_t slash = line.find('/');
    if (!line.starts_with("Trace") || slash == std::string::npos) continue;
    const uint32_t address = static_cast<uint32_t>(std::stoul(line.substr(slash + 1), nullptr, 16));
    if (address == begin) counting = true;
    if (address == end) counting = false;
    count += counting;
  }
  EXPECT_EQ(count, run->counts.at(0).at("instructions").get<uint64_t>());
}

// QEMU 7.2 reports a wrong size for the last instruction before a 1 KiB border: sizes must come from the bytes.
TEST_F(EmulateTest, CountsAcrossPageBorders) {
  std::string body =
      "        .syntax unified\n        .thumb\n        .text\n        .thumb_func\n        .global main\n"
      "        .type main, %function\nmain:   bl mote_mark_begin\n        nop\n";
  for (int i = 0; i < 1500; ++i) body += i % 3 == 0 ? "        nop\n" : "        movw r0, #4660\n";
  body +=
      "        bl mote_mark_end\n        ldr r1, =0x20026\n        movs r0, #0x18\n        bkpt 0xab\n"
      "        .size main, . - main\n";
  const fs::path image = build(body);
  const auto elf = ElfFile::read(image);
  ASSERT_TRUE(elf);
  const auto run = emulate(image, *elf, emulator_, {folder_, {}, 60});
  ASSERT_TRUE(run) << run.error().message;
  const auto executed = classify_counts(run->counts.at(0), *elf);
  ASSERT_TRUE(executed) << executed.error().message;
  EXPECT_EQ(executed->total.instructions(), 1u + 1u + 1500u + 1u);
  EXPECT_EQ(executed->total[InstructionCount::branch_taken], 1u);
}

TEST_F(EmulateTest, AHangingProgramIsADefectAfterTheTimeout) {
  const fs::path image = build("        .thumb\n        .thumb_func\n        .global main\nmain:   b main\n");
  const auto elf = ElfFile::read(image);
  ASSERT_TRUE(elf);
  const auto run = emulate(image, *elf, emulator_, {folder_, {}, 1});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, Error::Kind::defect);
  EXPECT_NE(run.error().message.find("did not end within 1 s"), std::string::npos) << run.error().message;
}

TEST_F(EmulateTest, AFaultIsADefect) {
  const fs::path image = build("        .thumb\n        .thumb_func\n        .global main\nmain:   udf #0\n");
  const auto elf = ElfFile::read(image);
  ASSERT_TRUE(elf);
  const auto run = emulate(image, *elf, emulator_, {folder_, {}, 60});
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().message.find("ended with status"), std::string::npos) << run.error().message;
}

// The start-up code of an ARMv6-M image makes the larger core that emulates it fault on unaligned accesses.
TEST_F(EmulateTest, Armv6CodeFaultsOnUnalignedAccesses) {
  const char* const unaligned =
      "        .thumb\n        .text\n        .thumb_func\n        .global main\n        .type main, %function\n"
      "main:   bl mote_mark_begin\n        ldr r0, =0x20000001\n        ldr r0, [r0]\n        bl mote_mark_end\n"
      "        ldr r1, =0x20026\n        movs r0, #0x18\n        bkpt 0xab\n        .size main, . - main\n";
  for (const bool faults : {false, true}) {
    const fs::path image = build(unaligned, faults ? std::vector<std::string>{"-mcpu=cortex-m0plus"}
                                                   : std::vector<std::string>{"-mcpu=cortex-m3"});
    const auto elf = ElfFile::read(image);
    ASSERT_TRUE(elf);
    const auto run =
        emulate(image, *elf, {"qemu-system-arm", "qemu-system-arm", {"-M", "mps2-an385"}, 0, 0x20000000, ""},
                {folder_, {}, 60});
    EXPECT_EQ(run.ok(), !faults) << (run ? "" : run.error().message);
  }
}

TEST_F(EmulateTest, AMissingEmulatorOrPluginSaysWhatToDo) {
  const fs::path image = build(kProgram);
  const auto elf = ElfFile::read(image);
  ASSERT_TRUE(elf);
  Emulator other = emulator_;
  other.program = "qemu-that-is-not-there";
  auto run = emulate(image, *elf, other, {folder_, {}, 60});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, Error::Kind::input);
  EXPECT_NE(run.error().message.find("apt-get install"), std::string::npos);
  run = emulate(image, *elf, emulator_, {folder_, folder_ / "none.so", 60});
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().message.find("counting plugin"), std::string::npos);
}

}  // namespace
}  // namespace mote
