#include "toolchain/measure/elf.h"

#include <gtest/gtest.h>

#include <cstring>

#include "toolchain/base/random.h"
#include "toolchain/measure/link_map.h"

namespace mote {
namespace {

void put(std::vector<uint8_t>& bytes, size_t at, uint32_t value, int count = 4) {
  for (int i = 0; i < count; ++i) bytes[at + i] = static_cast<uint8_t>(value >> (8 * i));
}

// One segment of 8 bytes at 0x100 and one function symbol "f" at 0x101 (Thumb bit set), 6 bytes long.
std::vector<uint8_t> small_elf() {
  std::vector<uint8_t> b(52 + 32 + 8 + 32 + 4 + 3 * 40);
  const uint8_t magic[] = {0x7f, 'E', 'L', 'F', 1, 1};
  std::memcpy(b.data(), magic, sizeof magic);
  const uint32_t segment = 52, code = 84, symbols = 92, strings = 124, sections = 128;
  put(b, 28, segment);
  put(b, 44, 1, 2);
  put(b, 32, sections);
  put(b, 48, 3, 2);
  put(b, segment, 1);
  put(b, segment + 4, code);
  put(b, segment + 8, 0x100);
  put(b, segment + 16, 8);
  put(b, code, 0xbf00e7fe);
  put(b, symbols + 16, 1);
  put(b, symbols + 20, 0x101);
  put(b, symbols + 24, 6);
  b[symbols + 28] = 0x12;
  b[strings + 1] = 'f';
  put(b, sections + 40 + 4, 2);
  put(b, sections + 40 + 16, symbols);
  put(b, sections + 40 + 20, 32);
  put(b, sections + 40 + 24, 2);
  put(b, sections + 80 + 4, 3);
  put(b, sections + 80 + 16, strings);
  put(b, sections + 80 + 20, 4);
  return b;
}

TEST(Elf, ReadsSymbolsAndBytes) {
  const auto elf = ElfFile::parse("small", small_elf());
  ASSERT_TRUE(elf) << elf.error().message;
  ASSERT_NE(elf->find("f"), nullptr);
  EXPECT_EQ(elf->find("f")->address, 0x100u);
  EXPECT_EQ(elf->function_at(0x105), elf->find("f"));
  EXPECT_EQ(elf->function_at(0x106), nullptr);
  EXPECT_EQ(elf->halfword(0x100), 0xe7fe);
  EXPECT_EQ(elf->halfword(0x102), 0xbf00);
  EXPECT_EQ(elf->halfword(0x107), std::nullopt);
}

TEST(Elf, DamagedFilesNeverCrash) {
  const std::vector<uint8_t> good = small_elf();
  for (size_t size = 0; size < good.size(); ++size) {
    const auto elf = ElfFile::parse("cut", {good.begin(), good.begin() + static_cast<ptrdiff_t>(size)});
    if (!elf) {
      EXPECT_NE(elf.error().message.find("cut"), std::string::npos);
    }
  }
  Random random(1);
  for (int trial = 0; trial < 20000; ++trial) {
    std::vector<uint8_t> bytes = good;
    for (int flips = 0; flips < 3; ++flips) {
      bytes[random.below(static_cast<uint32_t>(bytes.size()))] = static_cast<uint8_t>(random.bits());
    }
    const auto elf = ElfFile::parse("flipped", bytes);
    if (elf) (void)elf->halfword(0x100);
  }
}

TEST(LinkMap, AttributesSectionsToObjects) {
  const auto pieces = parse_link_map(
      "Discarded input sections\n\n .text.gone   0x00000000       0x10 objects/gone.o\n\n"
      "Linker script and memory map\n\n"
      ".text           0x00000000      0x240\n"
      " *(.vectors)\n"
      " .vectors       0x00000000       0x40 objects/a.o\n"
      " .text.a_function_with_a_long_name\n"
      "                0x00000040       0x1e objects/b.o\n"
      "                0x00000040                a_function_with_a_long_name\n"
      " *fill*         0x0000005e        0x2 \n"
      " .text          0x00000060       0x10 /usr/lib/libc_nano.a(libc_a-memset.o)\n"
      " .text.empty    0x00000070        0x0 objects/b.o\n"
      "                0x00000070                . = ALIGN (0x4)\n"
      "\n.bss            0x20000000       0x20\n"
      " .bss.firmware_arena\n"
      "                0x20000000       0x20 objects/model.cpp.o\n");
  ASSERT_EQ(pieces.size(), 5u);
  EXPECT_EQ(pieces[1].section, ".text.a_function_with_a_long_name");
  EXPECT_EQ(pieces[1].object, "objects/b.o");
  EXPECT_EQ(pieces[1].bytes, 0x1e);
  EXPECT_EQ(pieces[2].section, "*fill*");
  EXPECT_EQ(pieces[3].object, "/usr/lib/libc_nano.a(libc_a-memset.o)");
  EXPECT_EQ(pieces[4].output, ".bss");
  EXPECT_EQ(pieces[4].bytes, 0x20);
}

TEST(LinkMap, EmptyOrForeignTextGivesNothing) {
  EXPECT_TRUE(parse_link_map("").empty());
  EXPECT_TRUE(parse_link_map("no map\n .text 0x0 0x10 a.o\n").empty());
}

}  // namespace
}  // namespace mote
