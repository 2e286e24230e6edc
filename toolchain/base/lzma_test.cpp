#include "toolchain/base/lzma.h"

#include <gtest/gtest.h>

#include <array>

#include "toolchain/base/random.h"

namespace mote {
namespace {

// What Python's lzma.compress(b"count = value * 8192\n" * 9, lzma.FORMAT_ALONE) writes.
constexpr std::array<uint8_t, 48> kPythonLzma = {
    0x5d, 0x00, 0x00, 0x80, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x31, 0x9b,
    0xcb, 0x11, 0x9b, 0xf1, 0x33, 0x97, 0xb3, 0x2c, 0x6c, 0xde, 0xc8, 0xc5, 0x17, 0x5d, 0xeb, 0xcc,
    0x7a, 0x6b, 0xa1, 0x8e, 0x72, 0x4f, 0xcc, 0x19, 0x93, 0x9b, 0xff, 0xff, 0xe7, 0x36, 0x00, 0x00};

TEST(Lzma, ComesBack) {
  Random random(1);
  std::string noise;
  for (int i = 0; i < 100000; ++i) noise += static_cast<char>(random.bits());
  for (const std::string& text : {std::string(), std::string("a"), std::string(3000000, 'x'), noise}) {
    const Result<std::string> bytes = compress_lzma(text);
    ASSERT_TRUE(bytes.ok()) << bytes.error().message;
    EXPECT_EQ(*compress_lzma(text), *bytes);
    EXPECT_EQ(decompress_lzma("text", *bytes, text.size()).value(), text);
  }
}

TEST(Lzma, OthersAreRead) {
  std::string text;
  for (int i = 0; i < 9; ++i) text += "count = value * 8192\n";
  const std::string_view bytes(reinterpret_cast<const char*>(kPythonLzma.data()), kPythonLzma.size());
  EXPECT_EQ(decompress_lzma("Python's", bytes, 1000).value(), text);
}

TEST(Lzma, HostileIsRefused) {
  const std::string bomb = *compress_lzma(std::string(100 << 20, ' '));
  EXPECT_LT(bomb.size(), 20000u);
  const auto says = [](const std::string& bytes, const char* problem) {
    const Result<std::string> text = decompress_lzma("entry", bytes, 1000000);
    ASSERT_FALSE(text.ok());
    EXPECT_EQ(text.error().message, std::string("entry: ") + problem);
  };
  says(bomb, "decompresses to more than 1000000 bytes, which mote refuses");
  const std::string good = *compress_lzma("some text, some more text");
  std::string hungry = good;
  hungry[4] = 0x40;  // the fourth byte of the dictionary's size: 1 GiB
  says(hungry, "takes more than 16 MiB of memory to decompress, which mote refuses");
  for (size_t length = 0; length < good.size(); ++length)
    says(good.substr(0, length), "is cut off, or not compressed in the .lzma format");
  says("{\"format\":1}", "is cut off, or not compressed in the .lzma format");
  says(good + "xyz", "has 3 bytes behind the end of its .lzma stream");
}

}  // namespace
}  // namespace mote
