#include "toolchain/data/record/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "toolchain/base/random.h"
#include "toolchain/data/record/testing.h"

namespace mote {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

StreamLog decoded(std::string_view text, std::vector<std::string> names = {}) {
  StreamLog log;
  ReadingStream stream(std::move(names));
  stream.receive(bytes_of(text), log);
  return log;
}

using Values = std::vector<std::vector<double>>;

TEST(Stream, LinesInEveryForm) {
  // The first line is left out unless it holds names: the port may have been opened in its middle.
  for (const char* text : {"ax,ay\n1,-2\n3.5,4e1\n", "ax,ay\r\n1, -2\r\n3.5,+40\r\n", "ax\tay\n1\t-2\n3.5\t40\t\n",
                           "ax ay\n1 -2\n  3.5   40\n", "ax;ay\n1;-2;\n3.5;40;\n", "# boot\nax,ay\n\n1,-2\n3.5,40\n",
                           "7:7\nax:1,ay:-2\nax:3.5,ay:40\n", "cut,off\nax,ay\n1,-2\n3.5,40\n"}) {
    const StreamLog log = decoded(text);
    EXPECT_THAT(log.formats, ElementsAre("lines ax[] ay[]")) << text;
    EXPECT_EQ(log.values, (Values{{1, -2}, {3.5, 40}})) << text;
    EXPECT_TRUE(log.last.named);
    EXPECT_THAT(log.bads, IsEmpty());
  }
}

TEST(Stream, NamesUnitsAndTheTimeColumn) {
  const StreamLog log = decoded("time_us,temp [\xC2\xB0\x43],ay (g)\n100,1,2\n200,3,4\n");
  EXPECT_THAT(log.formats, ElementsAre("lines temp[\xC2\xB0\x43] ay[g]"));
  EXPECT_THAT(log.ticks, ElementsAre(100, 200));
  EXPECT_EQ(log.values, (Values{{1, 2}, {3, 4}}));
  EXPECT_EQ(log.last.clock->unit, 1e-6);
  EXPECT_EQ(log.last.clock->modulus, 4294967296.0);

  const StreamLog named = decoded("0\n1 2 3\n4 5 6\n", {"millis", "ax [g]", "ay"});
  EXPECT_THAT(named.formats, ElementsAre("lines ax[g] ay[]"));
  EXPECT_THAT(named.ticks, ElementsAre(1, 4));

  const StreamLog unnamed = decoded("0\n1 2\n3 4\n");
  EXPECT_THAT(unnamed.formats, ElementsAre("lines ch1[] ch2[]"));
  EXPECT_FALSE(unnamed.last.named);
}

TEST(Stream, GarbageIsNamedAndTheRestGoesOn) {
  const std::string text =
      "ax,ay\n1,2\n3,4\nets Jul 29 2019\nrst:0x1 (POWERON_RESET)\n5,\n5,6,7\n\xFF\xFE\x01\n,\n5,6\nnan,7\n" +
      std::string(5000, '1') + "\n8,9\n";
  const StreamLog log = decoded(text);
  ASSERT_EQ(log.values.size(), 5u);
  EXPECT_EQ(log.values[2], (std::vector<double>{5, 6}));
  EXPECT_TRUE(std::isnan(log.values[3][0]));
  EXPECT_EQ(log.values[4], (std::vector<double>{8, 9}));
  EXPECT_EQ(log.bads.size(), 7u);
  EXPECT_EQ(log.bads[2], "5,");
}

TEST(Stream, NothingBeforeTwoLinesAgree) {
  EXPECT_THAT(decoded("hello world\n1,2\n1,2,3\nfoo\n").formats, IsEmpty());
  ReadingStream stream({});
  StreamLog log;
  stream.receive(bytes_of("\x80\xF0\x0Ehello\x7F"), log);
  EXPECT_FALSE(stream.understood());
  EXPECT_EQ(stream.sample(), "...hello.");
}

TEST(Stream, AnotherSketchIsAnotherFormat) {
  std::string text = "ax,ay\n1,2\n3,4\n";
  for (int i = 0; i < 12; ++i) text += "1,2,3\n";
  const StreamLog log = decoded(text);
  EXPECT_THAT(log.formats, ElementsAre("lines ax[] ay[]", "lines ch1[] ch2[] ch3[]"));
  EXPECT_EQ(log.bads.size(), 10u);
  EXPECT_EQ(log.values.size(), 4u);
  // A board that was reset says its names again.
  EXPECT_THAT(decoded("a,b\n1,2\n3,4\na,b\n5,6\nc,d\n7,8\n").formats, ElementsAre("lines a[] b[]", "lines c[] d[]"));
}

TEST(Stream, Frames) {
  const std::string text = "noise\xA5" + readings_frame(6, 30, 5) + description_frame(7, "ax [g],ay [g]") +
                           readings_frame(7, 35, 5) + readings_frame(8, 40, 1);
  const StreamLog log = decoded(text);
  EXPECT_THAT(log.formats, ElementsAre("frames ax[g] ay[g]"));
  ASSERT_EQ(log.values.size(), 11u);
  for (size_t i = 0; i < 11; ++i) {
    EXPECT_EQ(log.values[i][0], (30.0 + static_cast<double>(i)) / 100);
    EXPECT_EQ(log.ticks[i], (30.0 + static_cast<double>(i)) * 10000);
  }
  EXPECT_EQ(log.lost_frames, 0);
  EXPECT_EQ(log.last.clock->period, 0.01);
}

TEST(Stream, DamagedAndLostFrames) {
  std::string text = description_frame(0, "ax,ay") + readings_frame(0, 0, 5);
  std::string damaged = readings_frame(1, 5, 5);
  damaged[9] = static_cast<char>(damaged[9] ^ 0x10);
  text += damaged + readings_frame(2, 10, 5) + "loud" + readings_frame(9, 45, 5) + readings_frame(0, 0, 5);
  const StreamLog log = decoded(text);
  EXPECT_EQ(log.values.size(), 20u);
  EXPECT_EQ(log.lost_frames, 1 + 6);  // then a board that began anew
  EXPECT_THAT(log.bads, ElementsAre("33 bytes outside frames", "4 bytes outside frames"));
  // A frame whose head was lost in another's payload is found again: only bytes with a right CRC are taken.
  const std::string cut = readings_frame(0, 0, 5).substr(0, 12) + description_frame(1, "a,b") + readings_frame(1, 5, 5);
  EXPECT_EQ(decoded(cut).values.size(), 5u);
}

TEST(Stream, CrcIsThatOfTheDocument) {
  uint16_t crc = kFrameCrcStart;
  for (const char c : std::string("123456789")) crc = frame_crc(crc, static_cast<uint8_t>(c));
  EXPECT_EQ(crc, 0x29B1);  // check value of CRC-16/IBM-3740 in the catalogue of parametrised CRC algorithms
}

// However the bytes are cut, the same readings come out.
TEST(Stream, CutsDoNotMatter) {
  const std::string streams[] = {"0.5\nax,ay\n1,2\nxx\n3,4\n5,6\n7\n8,9\n",
                                 description_frame(0, "ax,ay") + readings_frame(0, 0, 5) + "zz" +
                                     readings_frame(1, 5, 5) + readings_frame(3, 15, 5)};
  Random random(1);
  for (const std::string& text : streams) {
    const StreamLog whole = decoded(text);
    for (int trial = 0; trial < 50; ++trial) {
      StreamLog pieces;
      ReadingStream stream({});
      for (size_t at = 0; at < text.size();) {
        const size_t n = std::min<size_t>(1 + random.below(9), text.size() - at);
        stream.receive(bytes_of(std::string_view(text).substr(at, n)), pieces);
        at += n;
      }
      EXPECT_EQ(pieces.values, whole.values);
      EXPECT_EQ(pieces.bads, whole.bads);
      EXPECT_EQ(pieces.formats, whole.formats);
    }
  }
}

}  // namespace
}  // namespace mote
