#include "toolchain/data/record/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "toolchain/data/record/session.h"
#include "toolchain/data/record/testing.h"
#include "toolchain/data/series.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// A port that plays a script in a time of its own; what is sent is taken in pieces of at most 100 bytes.
class ScriptedPort final : public ReadingPort {
 public:
  struct Step {
    double wait = 0;
    std::string bytes;
    bool gone = false;
  };
  std::vector<Step> steps;
  int absent = 0;  // times that open() fails after the port was gone
  std::string sent;

  Result<void> open() override {
    if (absent-- > 0) return input_error("not there");
    return {};
  }
  void close() override {}
  Got read(std::span<uint8_t> to, double seconds) override {
    if (next_ >= steps.size()) {
      now_ += seconds;
      return {};
    }
    Step& step = steps[next_];
    now_ += std::exchange(step.wait, 0);
    if (step.gone) {
      ++next_;
      absent = 3;
      return {Event::gone, 0};
    }
    const size_t n = std::min<size_t>({to.size(), step.bytes.size(), 100});
    std::copy_n(step.bytes.begin(), n, to.begin());
    step.bytes.erase(0, n);
    if (step.bytes.empty()) ++next_;
    return {Event::bytes, n};
  }
  void send(std::string_view bytes) override { sent += bytes; }
  void pause(double seconds) override { now_ += seconds; }
  double now() const override { return now_; }
  bool played() const { return next_ >= steps.size(); }

 private:
  size_t next_ = 0;
  double now_ = 1000;
};

struct Played {
  Result<void> result;
  RecordStatistics statistics;
  std::vector<std::string> notices;
};

class RecorderTest : public ::testing::Test {
 protected:
  RecordOptions options(const std::string& label = "left") {
    RecordOptions options;
    options.label = label;
    options.folder = folder_.path();
    options.stamp = "T";
    options.origin = "from a script";
    return options;
  }

  // Plays to the end; `commands` by the number of the call.
  Played play(ScriptedPort& port, const RecordOptions& with, std::map<int, RecordCommand> commands = {},
              double seconds = 0) {
    Recorder recorder(with);
    std::vector<std::string> notices;
    int call = 0;
    const RecordHooks hooks{[&] {
                              if (const auto found = commands.find(call++); found != commands.end())
                                return found->second;
                              return port.played() && seconds == 0 ? RecordCommand::quit : RecordCommand::none;
                            },
                            [&](const std::string& text) { notices.push_back(text); }};
    Result<void> result = run_recording(port, recorder, seconds, hooks);
    return {result, recorder.statistics(), notices};
  }

  std::string text(const std::string& file) { return read_text(folder_.path() / file).value(); }

  // Lines "index,2" at 100 Hz, each at its time.
  static std::vector<ScriptedPort::Step> lines(int from, int to) {
    std::vector<ScriptedPort::Step> steps;
    for (int i = from; i < to; ++i) steps.push_back({0.01, fmt::format("{},2\n", i)});
    return steps;
  }

  ProjectFolder folder_;
};

void append(std::vector<ScriptedPort::Step>& to, const std::vector<ScriptedPort::Step>& steps) {
  to.insert(to.end(), steps.begin(), steps.end());
}

TEST_F(RecorderTest, WritesWhatTheReaderOfRecordingsReads) {
  ScriptedPort port;
  port.steps = {{0, "ax [g],ay\n"}};
  append(port.steps, lines(0, 300));
  const Played done = play(port, options());
  ASSERT_TRUE(done.result.ok()) << done.result.error().message;
  EXPECT_EQ(done.statistics.recorded, 300);
  EXPECT_EQ(done.statistics.gaps, 0);
  EXPECT_NEAR(done.statistics.rate, 100, 0.5);
  EXPECT_EQ(port.sent, "?");
  EXPECT_THAT(text("left/left_T_01.csv"), StartsWith("# label left, from a script, by mote data record\n"
                                                     "timestamp [ms],ax [g],ay\n0.000,0,2\n10.000,1,2\n"));
  DataConfig config;
  config.source = {"*/*.csv"};
  config.label = {"folder"};
  config.channels = {"ax"};
  config.rate = 100;
  config.window = TimeSpan{1, false};
  auto reader = SeriesReader::create(config, folder_.path());
  ASSERT_TRUE(reader.ok());
  const auto series = reader->read("left/left_T_01.csv");
  ASSERT_TRUE(series.ok()) << series.error().message;
  EXPECT_EQ(series->rows, 300);
  EXPECT_EQ(series->values[299], 299);
  EXPECT_NEAR(measure_timing(*series).rate, 100, 0.5);
}

TEST_F(RecorderTest, CableOutBeginsAnotherFile) {
  ScriptedPort port;
  port.steps = lines(0, 150);
  port.steps.push_back({0, "", true});
  append(port.steps, {{0, "99,"}});  // the rest of a line that was cut
  append(port.steps, lines(150, 300));
  const Played done = play(port, options());
  ASSERT_TRUE(done.result.ok());
  EXPECT_EQ(done.statistics.interruptions, 1);
  ASSERT_EQ(done.statistics.files.size(), 2u);
  EXPECT_EQ(done.statistics.files[0].readings, 149);  // but for the first line, which may have been cut
  EXPECT_EQ(done.statistics.files[1].readings, 149);
  EXPECT_THAT(text("left/left_T_02.csv"), HasSubstr("\n0.000,151,2\n"));
  EXPECT_THAT(done.notices, testing::Contains(HasSubstr("cable")));
  EXPECT_THAT(done.notices, testing::Contains(HasSubstr("back")));
}

TEST_F(RecorderTest, NeverOverwrites) {
  folder_.write("left/left_T_01.csv", "precious");
  ScriptedPort port;
  port.steps = lines(0, 100);
  ASSERT_TRUE(play(port, options()).result.ok());
  EXPECT_EQ(text("left/left_T_01.csv"), "precious");
  EXPECT_TRUE(fs::exists(folder_.path() / "left/left_T_02.csv"));
}

TEST_F(RecorderTest, FramesWithLossStutterAndAResetBoard) {
  ScriptedPort port;
  port.steps = {{0, description_frame(0, "ax [g],ay [g]")}};
  for (int i = 0; i < 20; ++i)
    if (i != 7) port.steps.push_back({0.05, readings_frame(static_cast<uint16_t>(i), i * 5, 5)});
  port.steps.push_back({0, readings_frame(19, 99, 1)});  // the last reading once more
  for (int i = 0; i < 4; ++i) port.steps.push_back({0.05, readings_frame(static_cast<uint16_t>(i), i * 5, 5)});
  const Played done = play(port, options());
  ASSERT_TRUE(done.result.ok());
  EXPECT_EQ(done.statistics.lost_frames, 1);
  EXPECT_EQ(done.statistics.gaps, 1);
  EXPECT_EQ(done.statistics.missing, 5);
  EXPECT_EQ(done.statistics.repeated, 1);
  EXPECT_EQ(done.statistics.jumps, 1);
  ASSERT_EQ(done.statistics.files.size(), 2u);
  EXPECT_EQ(done.statistics.files[0].readings, 95);
  EXPECT_EQ(done.statistics.files[1].readings, 20);
  EXPECT_THAT(text("left/left_T_01.csv"), AllOf(HasSubstr("\n340.000,0.34,-0.34\n400.000,0.4,-0.4\n")));
  EXPECT_EQ(done.statistics.ranges[1].low, -0.99);
}

TEST_F(RecorderTest, NamesThatDoNotFitEndTheSession) {
  ScriptedPort port;
  port.steps = lines(0, 100);
  RecordOptions named = options();
  named.channels = {"a", "b", "c"};
  const Played done = play(port, named);
  ASSERT_FALSE(done.result.ok());
  EXPECT_THAT(done.result.error().message, HasSubstr("--channels names 3, the board sends 2 numbers"));
  EXPECT_FALSE(fs::exists(folder_.path() / "left/left_T_01.csv"));
}

TEST_F(RecorderTest, TheKeyEndsAndBegins) {
  ScriptedPort port;
  port.steps = lines(0, 300);
  RecordOptions waiting = options();
  waiting.wait = true;
  const Played done =
      play(port, waiting, {{100, RecordCommand::toggle}, {150, RecordCommand::toggle}, {200, RecordCommand::toggle}});
  ASSERT_TRUE(done.result.ok());
  ASSERT_EQ(done.statistics.files.size(), 2u);
  EXPECT_EQ(done.statistics.files[0].readings, 50);
  EXPECT_EQ(done.statistics.files[1].readings, 100);
  EXPECT_EQ(done.statistics.received, 299);
}

TEST_F(RecorderTest, TriggerKeepsWhatCameBefore) {
  ScriptedPort port;
  port.steps = {{0, "a,b\n"}};
  for (int i = 0; i < 500; ++i)
    port.steps.push_back({0.01, fmt::format("{},{}\n", i, (i >= 100 && i < 103) || i >= 300 ? -2 : 0)});
  RecordOptions triggered = options();
  triggered.trigger = Trigger::parse("abs(b) > 1.5").value();
  triggered.before = 0.1;
  triggered.length = 0.5;
  const Played done = play(port, triggered);
  ASSERT_TRUE(done.result.ok());
  ASSERT_EQ(done.statistics.files.size(), 2u);  // at 100 and at 300; what stays above the level is no new one
  EXPECT_NEAR(static_cast<double>(done.statistics.files[0].readings), 60, 1);
  const std::string first = text("left/left_T_01.csv");
  EXPECT_THAT(first, AllOf(HasSubstr(",90,0\n"), HasSubstr(",100,-2\n"), HasSubstr(",149,0\n")));
  EXPECT_THAT(first, testing::Not(HasSubstr(",89,0\n")));

  triggered.trigger = Trigger::parse("c > 1").value();
  ScriptedPort again;
  again.steps = {{0, "a,b\n1,2\n3,4\n"}};
  EXPECT_THAT(play(again, triggered).result.error().message, AllOf(HasSubstr("no channel 'c'"), HasSubstr("a, b")));
}

TEST_F(RecorderTest, TriggersAreParsed) {
  for (const char* good : {"ax > 1.5", "abs(ax)>=1", "norm<2", " ax <= -3e2 "}) EXPECT_TRUE(Trigger::parse(good).ok());
  for (const char* bad : {"", "ax", "ax >", "> 2", "ax > b", "ax == 2", "abs() > 1"})
    EXPECT_THAT(Trigger::parse(bad).error().message, HasSubstr("\"ax > 1.5\"")) << bad;
}

TEST_F(RecorderTest, SilenceAndWrongSpeedAreNamed) {
  ScriptedPort silent;
  const Played nothing = play(silent, options(), {}, 5);
  EXPECT_THAT(nothing.result.error().message, HasSubstr("nothing came"));
  EXPECT_THAT(nothing.notices, ElementsAre(HasSubstr("nothing has come")));
  ScriptedPort garbled;
  for (int i = 0; i < 300; ++i) garbled.steps.push_back({0.05, "\xF0\x8C\xE0"});
  EXPECT_THAT(play(garbled, options(), {}, 5).result.error().message, HasSubstr("--baud"));
  EXPECT_FALSE(fs::exists(folder_.path() / "left"));
}

TEST_F(RecorderTest, AnUnknownUnitOfTimeIsFoundByTheHostsClock) {
  ScriptedPort port;
  port.steps = {{0, "t,ax\n"}};
  for (int i = 0; i < 200; ++i) port.steps.push_back({0.01, fmt::format("{},{}\n", 7000000 + i * 10000, i)});
  const Played done = play(port, options());
  EXPECT_NEAR(done.statistics.rate, 100, 0.1);
  EXPECT_THAT(text("left/left_T_01.csv"), HasSubstr("\n0.000,0\n10.000,1\n"));
}

TEST_F(RecorderTest, NamesThatComeLateAreThoseOfTheFirstReadings) {
  ScriptedPort port;
  port.steps = lines(0, 20);
  append(port.steps, {{0, "ax,ay\n"}});
  append(port.steps, lines(20, 100));
  ASSERT_EQ(play(port, options()).statistics.files.size(), 1u);
  EXPECT_THAT(text("left/left_T_01.csv"), HasSubstr("timestamp [ms],ax,ay\n0.000,1,2\n"));
}

TEST_F(RecorderTest, WrongOptionsAreNamed) {
  for (const char* label : {"", "a/b", ".hidden", "a\nb", "\xFF"}) EXPECT_FALSE(validate(options(label)).ok()) << label;
  EXPECT_TRUE(validate(options("\xE5\xB7\xA6")).ok());
  RecordOptions twice = options();
  twice.channels = {"ax", "ax"};
  EXPECT_THAT(validate(twice).error().message, HasSubstr("twice"));
}

}  // namespace
}  // namespace mote
