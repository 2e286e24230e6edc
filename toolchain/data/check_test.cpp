#include "toolchain/data/check.h"

#include <gmock/gmock.h>

#include <cmath>

#include "toolchain/data/simulate.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::HasSubstr;

CheckReport check(const DataConfig& config, const std::filesystem::path& folder) {
  Result<CheckReport> report = check_data(config, folder, {});
  EXPECT_TRUE(report.ok()) << report.error().message;
  return report.ok() ? std::move(report).value() : CheckReport{};
}

const Finding* find(const CheckReport& report, const std::string& kind, const std::string& file = "") {
  for (const Finding& finding : report.findings)
    if (finding.kind == kind && (file.empty() || finding.file == file)) return &finding;
  return nullptr;
}

DataConfig gestures_config() {
  DataConfig config = recordings_config();
  config.window = TimeSpan{1, false};
  config.stride = TimeSpan{0.25, false};
  config.split.by = "filename:_(p\\d+)_";
  return config;
}

TEST(Check, CleanExamplesRaiseNoAlarm) {
  for (const uint64_t seed : {1, 2, 3}) {
    ProjectFolder project;
    ASSERT_TRUE(write_example("gestures", "g", project.path() / "g", seed).ok());
    const CheckReport gestures = check(gestures_config(), project.path() / "g");
    EXPECT_EQ(gestures.count(Severity::error) + gestures.count(Severity::warning), 0) << to_text(gestures);
    ASSERT_TRUE(write_example("soil", "s", project.path() / "s", seed).ok());
    DataConfig soil;
    soil.task = DataTask::regression;
    soil.source = {"recordings/*.csv"};
    soil.label = {"column:soil_moisture"};
    const CheckReport report = check(soil, project.path() / "s");
    EXPECT_EQ(report.count(Severity::error) + report.count(Severity::warning), 0) << to_text(report);
  }
}

// One planted fault each; the clean project has none of them.
class Planted : public testing::Test {
 protected:
  Planted() { write_good_recordings(project_); }

  // recordings/slow/bad.csv: 200 readings whose row i is changed by `row`; an empty text leaves the row out.
  void plant(const std::function<std::string(int, double, double, double)>& row) {
    std::string text = "timestamp,ax,ay\n";
    for (int i = 0; i < 200; ++i) {
      const std::string line = row(i, i * 10.0, std::sin(i * 0.1) + 0.001 * i, std::sin(i * 0.37 + 7));
      if (!line.empty()) text += line + "\n";
    }
    project_.write(kFile, text);
  }
  static std::string line(double t, double x, double y) {
    return std::to_string(t) + "," + std::to_string(x) + "," + std::to_string(y);
  }

  const Finding* expect(const std::string& kind, Severity severity, const DataConfig& config = recordings_config()) {
    report_ = check(config, project_.path());
    const Finding* const finding = find(report_, kind);
    EXPECT_NE(finding, nullptr) << kind << "\n" << to_text(report_);
    if (finding == nullptr) return nullptr;
    EXPECT_EQ(finding->severity, severity) << to_text(report_);
    EXPECT_FALSE(finding->what.empty());
    return finding;
  }

  static constexpr const char* kFile = "recordings/slow/bad.csv";
  ProjectFolder project_;
  CheckReport report_;
};

TEST_F(Planted, NothingInTheCleanProject) {
  report_ = check(recordings_config(), project_.path());
  EXPECT_EQ(report_.count(Severity::error) + report_.count(Severity::warning), 0) << to_text(report_);
}

TEST_F(Planted, MissingValue) {
  plant([](int i, double t, double x, double y) {
    return i == 20 ? std::to_string(t) + ",," + std::to_string(y) : line(t, x, y);
  });
  const Finding* const finding = expect("missing", Severity::error);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->line, 22);
  EXPECT_EQ(finding->file, kFile);
}

TEST_F(Planted, BrokenFileAndTheOthersAreStillChecked) {
  plant([](int i, double t, double x, double y) { return i == 20 ? "200,oops,0" : line(t, x, y); });
  project_.write("recordings/fast/worse.csv", "timestamp,ax,ay\n1,2\n");
  expect("unreadable", Severity::error);
  EXPECT_EQ(report_.count(Severity::error), 2);
  EXPECT_EQ(find(report_, "unreadable", kFile)->line, 22);
  EXPECT_EQ(find(report_, "unreadable", "recordings/fast/worse.csv")->line, 2);
}

TEST_F(Planted, Gap) {
  plant([](int i, double t, double x, double y) { return i > 50 && i < 80 ? "" : line(t, x, y); });
  const Finding* const finding = expect("gap", Severity::warning);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->line, 53);
  EXPECT_NEAR(finding->time, 0.8, 1e-9);
}

TEST_F(Planted, ClockRunsBackwards) {
  plant([](int i, double t, double x, double y) { return line(i < 100 ? t : t - 1000, x, y); });
  expect("clock", Severity::warning);
}

// One file of several recordings, told apart by a column: the clock begins anew with each.
TEST_F(Planted, ClockOfTheNextRecordingInAFile) {
  std::string text = "timestamp,ax,ay,id,kind\n";
  for (int recording = 0; recording < 12; ++recording)
    for (int i = 0; i < 100; ++i)
      text += line(i * 10.0, std::sin(i * (recording % 2 + 0.1) + recording), std::sin(i * 0.37 + recording)) + ",r" +
              std::to_string(recording) + (recording % 2 == 0 ? ",slow\n" : ",fast\n");
  project_.write("all.csv", text);
  DataConfig config = recordings_config();
  config.source = {"all.csv"};
  config.label = {"column:kind"};
  config.split.by = "column:id";
  report_ = check(config, project_.path());
  EXPECT_EQ(report_.count(Severity::error) + report_.count(Severity::warning), 0) << to_text(report_);
  EXPECT_EQ(report_.readings, 1200);
}

TEST_F(Planted, RowNumberAmongTheChannels) {
  for (const char* label : {"slow", "fast"})
    for (int file = 0; file < 6; ++file) {
      std::string text = "timestamp,index,ax\n";
      for (int i = 0; i < 100; ++i) text += line(i * 10.0, i, std::sin(i * 0.3 + file + label[0])) + "\n";
      project_.write("recordings/" + std::string(label) + "/r_" + std::to_string(file) + ".csv", text);
    }
  const Finding* const finding = expect("counter", Severity::warning);
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->what, HasSubstr("index rises with every reading"));
}

TEST_F(Planted, ShortRecordingsArePaddedWhenAskedFor) {
  project_.write(kFile, "timestamp,ax,ay\n0,1,2\n10,2,3\n20,1,2\n30,2,1\n");
  DataConfig config = recordings_config();
  config.short_recordings = ShortPolicy::pad;
  const Finding* const finding = expect("short", Severity::note, config);
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->why, HasSubstr("padded"));
  EXPECT_EQ(finding->todo, "");
}

TEST_F(Planted, OtherRate) {
  plant([](int, double t, double x, double y) { return line(2 * t, x, y); });
  const Finding* const finding = expect("rate", Severity::error);
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->what, HasSubstr("50 Hz"));
}

TEST_F(Planted, WrongRateEverywhere) {
  DataConfig config = recordings_config();
  config.rate = 80;
  expect("rate", Severity::warning, config);
}

TEST_F(Planted, DriftingRate) {
  plant([](int i, double, double x, double y) { return line(10 * i + 0.002 * i * i, x, y); });
  expect("drift", Severity::warning);
}

TEST_F(Planted, ConstantChannel) {
  plant([](int, double t, double x, double) { return line(t, x, 0.25); });
  expect("constant", Severity::warning);
}

TEST_F(Planted, StuckChannel) {
  plant([](int i, double t, double x, double y) { return line(t, x, i > 60 && i < 120 ? 0.25 : y); });
  const Finding* const finding = expect("stuck", Severity::warning);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->line, 63);
}

TEST_F(Planted, ClippedChannel) {
  plant([](int, double t, double x, double y) { return line(t, std::clamp(3 * x, -1.5, 1.5), y); });
  const Finding* const finding = expect("clipped", Severity::warning);
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->what, HasSubstr("1.5"));
}

TEST_F(Planted, Spike) {
  plant([](int i, double t, double x, double y) { return line(t, i == 77 ? 25 : x, y); });
  const Finding* const finding = expect("outlier", Severity::warning);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->line, 79);
}

TEST_F(Planted, SpikesOfTwoReadingsAndAtTheEnds) {
  plant([](int i, double t, double x, double y) { return line(t, i == 0 || i == 77 || i == 78 ? 25 : x, y); });
  const Finding* const finding = expect("outlier", Severity::warning);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->line, 2);
  EXPECT_THAT(finding->what, HasSubstr("2 such spikes"));
  ASSERT_EQ(finding->repair.size(), 2u);
  EXPECT_EQ(finding->repair[1].from, 77);
  EXPECT_EQ(finding->repair[1].to, 79);
}

// A hole beside good readings is no spike, and repairing it must not touch them.
TEST_F(Planted, AMissingValueIsNoSpike) {
  plant([](int i, double t, double x, double y) {
    return i == 20 ? std::to_string(t) + ",nan," + std::to_string(y) : line(t, x, y);
  });
  DataConfig config = recordings_config();
  config.missing = MissingPolicy::interpolate;
  report_ = check(config, project_.path());
  EXPECT_EQ(find(report_, "outlier"), nullptr) << to_text(report_);
}

TEST_F(Planted, ClockThatStandsStill) {
  plant([](int, double, double x, double y) { return line(1000, x, y); });
  const Finding* const still = expect("clock", Severity::warning);
  ASSERT_NE(still, nullptr);
  EXPECT_THAT(still->what, HasSubstr("all 200 readings have the same time stamp"));
  plant([](int i, double t, double x, double y) {
    return i % 50 == 9 ? line(t, x, y) + "\n" + line(t, x, y) : line(t, x, y);
  });
  const Finding* const twice = expect("clock", Severity::warning);
  ASSERT_NE(twice, nullptr);
  EXPECT_EQ(twice->line, 12);
  EXPECT_THAT(twice->what, HasSubstr("4 readings have the time stamp of the one before, and its values"));
}

TEST_F(Planted, ShortRecording) {
  project_.record(kFile, 12, 100, [](int i) { return i * 0.01; });
  expect("short", Severity::error);
}

TEST_F(Planted, OtherUnit) {
  for (int file = 0; file < 6; ++file) {
    std::string text = "timestamp,ax,ay,az\n";
    const double g = file == 3 ? 9.81 : 1;
    for (int i = 0; i < 100; ++i)
      text += line(i * 10, g * 0.1 * std::sin(i * 0.3), g * 0.1 * std::cos(i * 0.2 + file)) + "," + std::to_string(g) +
              "\n";
    project_.write("still/" + std::string(file % 2 ? "a" : "b") + "/" + std::to_string(file) + ".csv", text);
  }
  DataConfig config = recordings_config();
  config.source = {"still/*/*.csv"};
  const Finding* const finding = expect("unit", Severity::warning, config);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->file, "still/a/3.csv");
}

TEST_F(Planted, Imbalance) {
  for (int file = 10; file < 60; ++file)
    project_.record("recordings/slow/r_" + std::to_string(file) + ".csv", 100, 100,
                    [&](int i) { return std::sin(i * 0.1 + file); });
  expect("imbalance", Severity::warning);
}

TEST_F(Planted, SameWindowOnBothSides) {
  const auto wave = [](int i) { return std::sin(i * 0.1); };
  project_.record("recordings/slow/copy_1.csv", 100, 100, wave);
  project_.record("recordings/slow/copy_2.csv", 100, 100, wave);
  DataConfig config = recordings_config();
  config.split.test.names = {"recordings/*/copy_2.csv"};
  config.split.validation.fraction = 0;
  const Finding* const finding = expect("duplicate", Severity::warning, config);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->occurrences, 5);
  EXPECT_THAT(finding->what, HasSubstr("copy_1.csv"));
}

// The commonest leak: a file that was trimmed and saved again.
TEST_F(Planted, TrimmedCopyOnTheOtherSide) {
  const auto wave = [](int i) { return std::sin(i * 0.1) + std::sin(i * 0.029) + 0.5 * std::sin(i * 0.41); };
  project_.record("recordings/slow/copy_1.csv", 407, 100, wave);
  std::string text = "timestamp,ax,ay\n";
  for (int i = 0; i < 400; ++i) text += line(i * 10, wave(i + 7), std::sin((i + 7) * 0.37 + 407)) + "\n";
  project_.write("recordings/slow/copy_2.csv", text);
  DataConfig config = recordings_config();
  config.window = TimeSpan{1, false};
  config.stride = TimeSpan{0.25, false};
  config.split.test.names = {"recordings/*/copy_2.csv"};
  config.split.validation.fraction = 0;
  const Finding* const finding = expect("near_duplicate", Severity::warning, config);
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->what, AllOf(HasSubstr("exactly the same"), HasSubstr("copy_1.csv at")));
}

TEST_F(Planted, SameWindowWithTwoLabels) {
  const auto wave = [](int i) { return std::sin(i * 0.1); };
  project_.record("recordings/slow/copy.csv", 100, 100, wave);
  project_.record("recordings/fast/copy.csv", 100, 100, wave);
  expect("conflict", Severity::warning);
}

TEST_F(Planted, SameGroupOnBothSides) {
  for (const char* person : {"p1", "p2", "p3"})
    for (int n = 0; n < 3; ++n)
      for (const double speed : {0.1, 0.9})
        project_.record(
            std::string("people/") + (speed < 0.5 ? "slow/" : "fast/") + person + "_" + std::to_string(n) + ".csv",
            100 + n, 100, [&](int i) { return std::sin(i * speed + n + person[1]); });
  DataConfig config = recordings_config();
  config.source = {"people/*/*.csv"};
  config.split.by = "filename:^(p\\d)_";
  config.split.test.names = {"people/*/*_2.csv"};
  expect("group_overlap", Severity::warning, config);
  config.split.test = {};
  config.split.test.fraction = 0;
  config.split.validation.names = {"people/*/*_2.csv"};
  const Finding* const finding = expect("group_overlap", Severity::warning, config);
  ASSERT_NE(finding, nullptr);
  EXPECT_THAT(finding->what, HasSubstr("in the training part and in the validation part"));
}

TEST_F(Planted, GroupThatCatchesTheLabel) {
  for (const char* label : {"left", "right"})
    for (int n = 0; n < 6; ++n)
      project_.record(
          std::string("named/") + label + "/" + label + "_" + std::to_string(n / 2) + "_" + std::to_string(n) + ".csv",
          100 + n, 100, [&](int i) { return std::sin(i * 0.1 * (n + label[0])); });
  DataConfig config = recordings_config();
  config.source = {"named/*/*.csv"};
  config.split.by = "filename:^(\\w+)_\\d";
  expect("group", Severity::warning, config);
}

TEST_F(Planted, RandomSplitLeaks) {
  DataConfig config = recordings_config();
  config.split.by = "random";
  expect("leak", Severity::warning, config);
}

TEST_F(Planted, OneClassWrittenTwoWays) {
  project_.record("recordings/Slow/a.csv", 100, 100, [](int i) { return std::sin(i * 0.1 + 9); });
  project_.record("recordings/Slow/b.csv", 100, 100, [](int i) { return std::sin(i * 0.1 + 8); });
  expect("label", Severity::warning);
}

TEST_F(Planted, TableOutlier) {
  std::string text = "a,b,y\n";
  for (int i = 0; i < 500; ++i)
    text += std::to_string(20 + std::sin(i * 0.1)) + "," +
            (i == 300 ? "9999" : std::to_string(40 + std::cos(i * 0.2))) + "," + std::to_string(i % 7) + "\n";
  project_.write("table.csv", text);
  DataConfig config;
  config.task = DataTask::regression;
  config.source = {"table.csv"};
  config.label = {"column:y"};
  const Finding* const finding = expect("outlier", Severity::warning, config);
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->line, 302);
  std::string few = "a,b,y\n";  // one in a small table
  for (int i = 0; i < 60; ++i)
    few += std::to_string(std::sin(i)) + "," + (i == 30 ? "9999" : std::to_string(std::cos(i))) + ",1\n";
  project_.write("table.csv", few);
  expect("outlier", Severity::warning, config);
}

TEST_F(Planted, TextAndJsonSayTheSame) {
  plant([](int i, double t, double x, double y) { return line(t, i == 77 ? 25 : x, y); });
  expect("outlier", Severity::warning);
  EXPECT_THAT(to_text(report_), HasSubstr("warning [outlier] recordings/slow/bad.csv:79 (0.77 s)"));
  EXPECT_EQ(to_json(report_)["findings"][0]["line"], 79);
  EXPECT_EQ(to_json(report_)["warnings"], 1);
}

// What the shared real sets are known to have, and no more.
TEST(CheckReal, HarLoggerIsClean) {
  const std::filesystem::path folder = shared_data() / "har_logger";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "MOTE_DATA has no har_logger";
  DataConfig config = recordings_config();
  config.source = {"train/*/*.csv"};
  config.rate = 50;
  config.window = TimeSpan{128, true};
  config.short_recordings = ShortPolicy::skip;
  config.split.by = "filename:^(user\\d+)_";
  const CheckReport report = check(config, folder);
  EXPECT_EQ(report.count(Severity::error) + report.count(Severity::warning), 0) << to_text(report);
}

}  // namespace
}  // namespace mote
