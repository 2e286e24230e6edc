#include "toolchain/data/cleaning.h"

#include <gmock/gmock.h>

#include <cmath>

#include "toolchain/base/files.h"
#include "toolchain/data/clean.h"
#include "toolchain/data/series.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kFile = "recordings/slow/bad.csv";

class CleaningTest : public testing::Test {
 protected:
  CleaningTest() { write_good_recordings(project_); }

  // kFile: 200 readings of 100 Hz.
  void plant(const std::function<std::string(int)>& ax) {
    std::string text = "timestamp,ax,ay\n";
    for (int i = 0; i < 200; ++i)
      text += std::to_string(i * 10) + "," + ax(i) + "," + std::to_string(std::sin(i * 0.37 + 7)) + "\n";
    project_.write(kFile, text);
  }
  static std::string wave(int i) { return std::to_string(std::sin(i * 0.1) + 0.001 * i); }

  CheckReport check() {
    Result<CheckReport> report = check_data(recordings_config(), project_.path(), {});
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? std::move(report).value() : CheckReport{};
  }
  CleanPlan clean(const std::set<std::string>& kinds) {
    Result<CleanPlan> plan = plan_repairs(check(), kinds);
    EXPECT_TRUE(plan.ok()) << plan.error().message;
    if (!plan.ok()) return {};
    Result<Cleaning> cleaning = Cleaning::load(project_.path());
    EXPECT_TRUE(cleaning.ok()) << cleaning.error().message;
    EXPECT_TRUE(cleaning->add(plan->changes, project_.path()).ok());
    EXPECT_TRUE(cleaning->save(project_.path()).ok());
    return std::move(plan).value();
  }
  Series read() {
    Result<SeriesReader> reader = SeriesReader::create(recordings_config(), project_.path());
    EXPECT_TRUE(reader.ok()) << reader.error().message;
    if (!reader.ok()) return {};
    EXPECT_TRUE(reader->read("recordings/fast/r_0.csv").ok());  // the first file says which channels there are
    Result<Series> series = reader->read(kFile);
    EXPECT_TRUE(series.ok()) << series.error().message;
    return series.ok() ? std::move(series).value() : Series{};
  }
  std::string message() {
    const Result<Dataset> dataset = load_dataset(recordings_config(), project_.path(), {});
    return dataset.ok() ? "" : dataset.error().message;
  }
  std::string bytes(const std::string& file) { return *read_text(project_.path() / file); }

  ProjectFolder project_;
};

TEST_F(CleaningTest, SpikeIsInterpolatedAndComesBack) {
  plant([](int i) { return i == 77 ? "25" : wave(i); });
  const std::string before = bytes(kFile);
  const CleanPlan plan = clean({"outlier"});
  ASSERT_EQ(plan.changes.size(), 1u);
  EXPECT_EQ(to_text(plan.changes[0]), "ax: reading 78 is interpolated");
  EXPECT_NEAR(read().values[2 * 77], (std::sin(7.6) + std::sin(7.8)) / 2 + 0.077, 1e-5);
  EXPECT_EQ(check().count(Severity::warning), 0) << to_text(check());
  EXPECT_EQ(bytes(kFile), before);

  Result<Cleaning> cleaning = Cleaning::load(project_.path());
  EXPECT_EQ(cleaning->undo(), plan.changes);
  ASSERT_TRUE(cleaning->save(project_.path()).ok());
  EXPECT_FALSE(std::filesystem::exists(project_.path() / Cleaning::kFile));
  EXPECT_FLOAT_EQ(read().values[2 * 77], 25);
}

TEST_F(CleaningTest, StuckStretchIsCutOutAndNoWindowSpansIt) {
  plant([](int i) { return i > 60 && i < 120 ? "0.25" : wave(i); });
  ASSERT_EQ(clean({"stuck"}).changes.size(), 1u);
  const Series series = read();
  EXPECT_EQ(series.rows, 141);
  EXPECT_EQ(series.line(60), 62);
  EXPECT_EQ(series.line(61), 122);
  EXPECT_TRUE(series.begins(61));
  EXPECT_TRUE(measure_timing(series).gaps.empty());
  const Result<Dataset> dataset = load_dataset(recordings_config(), project_.path(), {});
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  int pieces = 0;
  for (const Recording& recording : dataset->recordings) pieces += recording.file == kFile;
  EXPECT_EQ(pieces, 2);
  EXPECT_THAT(dataset->notes, testing::Contains("1 change of cleaning.json made"));
}

// Steps count readings as the file has them, also after a cut.
TEST_F(CleaningTest, SecondStepAfterACut) {
  plant([](int i) { return i > 60 && i < 120 ? "0.25" : i == 150 ? "25" : wave(i); });
  clean({"stuck"});
  const CleanPlan second = clean({"outlier"});
  ASSERT_EQ(second.changes.size(), 1u);
  EXPECT_EQ(second.changes[0].from, 150);
  EXPECT_NEAR(read().values[2 * (150 - 59)], std::sin(15) + 0.15, 0.02);
  Result<Cleaning> cleaning = Cleaning::load(project_.path());
  ASSERT_EQ(cleaning->steps(), 2u);
  const std::string both = bytes(Cleaning::kFile);
  cleaning->undo();
  ASSERT_TRUE(cleaning->save(project_.path()).ok());
  EXPECT_NE(bytes(Cleaning::kFile), both);
  EXPECT_FLOAT_EQ(read().values[2 * (150 - 59)], 25);
}

TEST_F(CleaningTest, MissingCells) {
  plant([](int i) { return i == 20 || (i >= 100 && i < 130) ? "" : wave(i); });
  EXPECT_THAT(message(), HasSubstr("missing"));
  const CleanPlan plan = clean({"missing"});
  EXPECT_EQ(plan.changes.size(), 2u);
  EXPECT_EQ(message(), "");
  EXPECT_EQ(read().rows, 170);
}

TEST_F(CleaningTest, TransformTurnsAndScales) {
  plant(wave);
  const Series before = read();
  Result<Cleaning> cleaning = Cleaning::load(project_.path());
  Change change{ChangeAction::transform, "axes", kFile, 0, 0, "", {{"ax", "ay", -1, 0}, {"ay", "ax", 2, 0.5}}};
  EXPECT_EQ(to_text(change), "ax = -ay, ay = 2 x ax + 0.5");
  ASSERT_TRUE(cleaning->add({change}, project_.path()).ok());
  ASSERT_TRUE(cleaning->save(project_.path()).ok());
  const Series after = read();
  for (size_t row = 0; row < 200; ++row) {
    EXPECT_FLOAT_EQ(after.values[2 * row], -before.values[2 * row + 1]);
    EXPECT_FLOAT_EQ(after.values[2 * row + 1], 2 * before.values[2 * row] + 0.5f);
  }
}

TEST_F(CleaningTest, UnreadableAndShortFilesAreLeftOut) {
  project_.write(kFile, "timestamp,ax,ay\n1,oops,2\n");
  project_.record("recordings/slow/short.csv", 12, 100, [](int i) { return i * 0.01; });
  const CleanPlan plan = clean({});
  EXPECT_EQ(plan.left_out, 2);
  EXPECT_EQ(message(), "");
  EXPECT_EQ(check().files, 12);
}

// What a cut leaves is shorter than the window: the load would stop at it.
TEST_F(CleaningTest, FileWithoutAWindowLeftIsLeftOut) {
  CheckReport report;
  report.files = 2;
  report.window = 50;
  report.readings_of["a.csv"] = 100;
  Finding finding;
  finding.kind = "stuck";
  finding.repair = {{ChangeAction::cut, "stuck", "a.csv", 40, 70, "", {}}};
  report.findings = {finding};
  EXPECT_EQ(plan_repairs(report, {})->changes.at(0).action, ChangeAction::leave_out);
  report.window = 40;
  EXPECT_EQ(plan_repairs(report, {})->changes.at(0).action, ChangeAction::cut);
}

TEST_F(CleaningTest, FileThatChangedAfterwardsIsNamed) {
  plant([](int i) { return i == 77 ? "25" : wave(i); });
  clean({"outlier"});
  plant([](int i) { return i == 78 ? "25" : wave(i); });
  EXPECT_THAT(message(), testing::AllOf(HasSubstr(kFile), HasSubstr("has changed since cleaning.json")));
}

TEST_F(CleaningTest, BadSidecarIsNamed) {
  for (const char* text : {"", "[]", "{\"format\": 2, \"files\": {}, \"steps\": []}", "{\"format\": 1}",
                           "{\"format\": 1, \"files\": {\"a\": \"0\"}, \"steps\": [[{\"kind\": \"x\", \"action\": "
                           "\"burn\", \"file\": \"a\"}]]}",
                           "{\"format\": 1, \"files\": {\"a\": \"0\"}, \"steps\": [[{\"kind\": \"x\", \"action\": "
                           "\"cut\", \"file\": \"a\", \"readings\": [5, 5]}]]}",
                           "{\"format\": 1, \"files\": {}, \"steps\": [[{\"kind\": \"x\", \"action\": \"leave_out\", "
                           "\"file\": \"a\"}]]}"}) {
    project_.write(Cleaning::kFile, text);
    EXPECT_THAT(message(), HasSubstr(Cleaning::kFile)) << text;
  }
}

TEST_F(CleaningTest, KindsThatCannotBeRepairedAreRefused) {
  plant([](int i) { return i == 77 ? "25" : wave(i); });
  const Result<CleanPlan> plan = plan_repairs(check(), {"outlir"});
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.error().message, testing::AllOf(HasSubstr("outlir"), HasSubstr("outlier")));
}

}  // namespace
}  // namespace mote
