// Faults that only show beside other recordings, planted in recordings like those that loggers write.
#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

#include <sstream>

#include "toolchain/base/files.h"
#include "toolchain/base/random.h"
#include "toolchain/data/check.h"
#include "toolchain/data/simulate.h"
#include "toolchain/data/testing.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using Row = std::vector<double>;

// Changes the numbers of a CSV file, row by row; the first number is the time.
void edit_csv(const std::filesystem::path& path, const std::function<void(int64_t, Row&)>& change) {
  const Result<std::string> text = read_text(path);
  ASSERT_TRUE(text.ok());
  std::istringstream lines(*text);
  std::string line, out;
  std::getline(lines, line);
  out = line + "\n";
  for (int64_t i = 0; std::getline(lines, line); ++i) {
    Row row;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(std::stod(cell));
    change(i, row);
    for (size_t c = 0; c < row.size(); ++c) out += (c > 0 ? "," : "") + std::to_string(row[c]);
    out += "\n";
  }
  ASSERT_TRUE(write_file(path, out).ok());
}

int64_t count_of(const CheckReport& report, const std::string& kind, const std::string& file = "") {
  return std::count_if(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
    return finding.kind == kind && (file.empty() || finding.file == file);
  });
}

const Finding& first_of(const CheckReport& report, const std::string& kind) {
  static const Finding none;
  for (const Finding& finding : report.findings)
    if (finding.kind == kind) return finding;
  ADD_FAILURE() << "no " << kind << "\n" << to_text(report);
  return none;
}

// The simulated gesture recordings, which the check finds nothing in (check_test.cpp).
class Gestures : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_example("gestures", "g", folder(), 1).ok());
    config_ = recordings_config();
    config_.window = TimeSpan{1, false};
    config_.stride = TimeSpan{0.25, false};
    config_.split.by = "filename:_(p\\d+)_";
  }
  std::filesystem::path folder() const { return project_.path() / "g"; }
  CheckReport check() const {
    Result<CheckReport> report = check_data(config_, folder(), {});
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? std::move(report).value() : CheckReport{};
  }
  std::vector<std::string> files_of(const std::string& pattern) const {
    std::vector<std::string> files;
    const Result<std::vector<std::filesystem::path>> paths = glob(folder(), pattern);
    EXPECT_TRUE(paths.ok());
    for (const std::filesystem::path& path : paths.value())
      files.push_back(path.lexically_relative(folder()).generic_string());
    return files;
  }

  ProjectFolder project_;
  DataConfig config_;
};

TEST_F(Gestures, AxesOfOnePersonExchanged) {
  for (const std::string& file : files_of("recordings/*/*_p03_*.csv"))
    edit_csv(folder() / file, [](int64_t, Row& row) { std::swap(row[1], row[3]), row[3] = -row[3]; });
  const CheckReport report = check();
  EXPECT_EQ(count_of(report, "axes"), 1) << to_text(folded(report));
  const Finding& finding = first_of(report, "axes");
  EXPECT_THAT(finding.what, AllOf(HasSubstr("'p03'"), HasSubstr("ax = -az"), HasSubstr("az = ax")));
  EXPECT_EQ(finding.repair.size(), files_of("recordings/*/*_p03_*.csv").size());
}

TEST_F(Gestures, AxesOfOneRecordingExchanged) {
  config_.split.by = "file";
  const std::string file = files_of("recordings/swipe_left/*").at(7);
  edit_csv(folder() / file, [](int64_t, Row& row) { std::swap(row[1], row[3]), row[3] = -row[3]; });
  const CheckReport report = check();
  EXPECT_EQ(count_of(report, "axes"), 1) << to_text(folded(report));
  EXPECT_EQ(count_of(report, "axes", file), 1);
}

TEST_F(Gestures, NothingHappensInASwipe) {
  const std::string file = files_of("recordings/swipe_left/*").at(3);
  edit_csv(folder() / file, [](int64_t i, Row& row) {
    row[1] = 0.0001 * static_cast<double>(i % 2), row[2] = -0.3, row[3] = 0.95 + 0.0001 * static_cast<double>(i % 3);
  });
  const CheckReport report = check();
  EXPECT_EQ(count_of(report, "silence"), 1) << to_text(folded(report));
  EXPECT_EQ(first_of(report, "silence").file, file);
  ASSERT_EQ(first_of(report, "silence").repair.size(), 1u);
  EXPECT_EQ(first_of(report, "silence").repair[0].action, ChangeAction::leave_out);
}

TEST_F(Gestures, OneSessionWithAnotherRange) {
  for (const std::string& file : files_of("recordings/*/*_p05_*.csv"))
    edit_csv(folder() / file, [](int64_t, Row& row) { row[2] = 6 + 4 * row[2]; });
  const CheckReport report = check();
  EXPECT_THAT(first_of(report, "session").what, AllOf(HasSubstr("'p05'"), HasSubstr("ay")));
}

// A copy to which noise was added, as augmentation before the split makes them.
TEST_F(Gestures, CopyWithNoiseInTheTestPart) {
  const std::string file = files_of("recordings/swipe_right/*").at(5);
  std::filesystem::copy_file(folder() / file, folder() / "recordings/swipe_right/swipe_right_p99_01.csv");
  Random random(4);
  edit_csv(folder() / "recordings/swipe_right/swipe_right_p99_01.csv", [&](int64_t, Row& row) {
    for (size_t c = 1; c < row.size(); ++c) row[c] += 0.004 * random.normal();
  });
  config_.split.validation = {0, {}};
  config_.split.test = {0, {"p99"}};
  const CheckReport report = check();
  const Finding& finding = first_of(report, "near_duplicate");
  EXPECT_EQ(finding.file, "recordings/swipe_right/swipe_right_p99_01.csv");
  EXPECT_THAT(finding.what, HasSubstr(file));
  EXPECT_GE(finding.time, 0);
  ASSERT_EQ(finding.repair.size(), 1u);
  EXPECT_EQ(finding.repair[0].file, file);
  EXPECT_EQ(count_of(report, "duplicate"), 0);
}

// Recordings that lie in the folder of another class: all are found, and no other, with the label that they should
// have.
TEST_F(Gestures, LabelsOfSomeRecordingsAreWrong) {
  EXPECT_EQ(count_of(check(), "mislabelled"), 0);
  std::map<std::string, std::string> wrong;  // file, label that it should have
  const auto move = [&](const std::string& from, const std::string& to, size_t which) {
    const fs::path file = files_of("recordings/" + from + "/*").at(which);
    const fs::path place = fs::path("recordings") / to / file.filename();
    fs::rename(folder() / file, folder() / place);
    wrong[place.generic_string()] = from;
  };
  move("idle", "swipe_left", 3);
  move("swipe_left", "swipe_right", 8);
  move("swipe_right", "idle", 5);
  const CheckReport report = check();
  std::map<std::string, std::string> found;
  for (const Finding& finding : report.findings)
    if (finding.kind == "mislabelled") {
      found[finding.file] =
          finding.what.substr(finding.what.find("look like '") + 11,
                              finding.what.find("' in other") - finding.what.find("look like '") - 11);
      EXPECT_EQ(finding.repair.size(), 1u);
    }
  EXPECT_EQ(found, wrong) << to_text(report);
}

// Recordings of a microphone at 4 kHz: noise that swells, of two colours.
class Sounds : public testing::Test {
 protected:
  Sounds() {
    config_ = recordings_config();
    config_.rate = 4000;
    config_.window = TimeSpan{0.5, false};
  }
  using Change = std::function<double(int64_t, double)>;
  void record(const std::string& label, int number, double seconds, const Change& change = {}) {
    Random random(static_cast<uint64_t>(number) * 2 + (label == "low"));
    std::string text = "timestamp,audio\n";
    double before = 0;
    for (int64_t i = 0; i < static_cast<int64_t>(seconds * 4000); ++i) {
      const double swell = 0.15 * (1 - std::cos(2 * std::numbers::pi * static_cast<double>(i) / 2000));
      before = label == "low" ? 0.9 * before + 0.3 * random.normal() : random.normal();
      double value = 0.3 * swell * before;
      if (change) value = change(i, value);
      // 16 bit, and silence before and after, as recorders deliver it.
      const bool quiet = i < 400 || i > static_cast<int64_t>(seconds * 4000) - 400;
      text += std::to_string(static_cast<double>(i) * 0.25) + "," +
              std::to_string(quiet && !change ? 0.0 : std::round(std::clamp(value, -1.0, 1.0) * 32767) / 32768) + "\n";
    }
    project_.write("recordings/" + label + "/s_" + std::to_string(number) + ".csv", text);
  }
  void record_all(double seconds, const Change& change = {}) {
    for (int i = 0; i < 8; ++i) record("low", i, seconds, change), record("high", i, seconds, change);
  }
  CheckReport check() {
    Result<CheckReport> report = check_data(config_, project_.path(), {});
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? std::move(report).value() : CheckReport{};
  }
  ProjectFolder project_;
  DataConfig config_;
};

TEST_F(Sounds, NothingInCleanOnes) {
  record_all(1);
  const CheckReport report = check();
  EXPECT_EQ(report.count(Severity::error) + report.count(Severity::warning), 0) << to_text(folded(report));
}

TEST_F(Sounds, HumOfOneRecording) {
  record_all(1);
  record("high", 20, 6, [](int64_t i, double value) {
    const double t = static_cast<double>(i) / 4000, turn = 2 * std::numbers::pi * 50 * t;
    return value + 0.06 * std::sin(turn) + 0.04 * std::sin(3 * turn + 1);
  });
  const CheckReport report = check();
  const Finding& finding = first_of(report, "hum");
  EXPECT_EQ(finding.file, "recordings/high/s_20.csv");
  EXPECT_EQ(finding.severity, Severity::warning);
  EXPECT_THAT(finding.what, HasSubstr("50, 150 Hz"));
}

TEST_F(Sounds, HumOfAllShortRecordings) {
  record_all(1, [](int64_t i, double value) {
    const double turn = 2 * std::numbers::pi * 60 * static_cast<double>(i) / 4000;
    return value + 0.06 * std::sin(turn) + 0.04 * std::sin(2 * turn);
  });
  EXPECT_THAT(first_of(check(), "hum").what, AllOf(HasSubstr("60, 120 Hz"), HasSubstr("most recordings")));
}

// A machine that turns at 30 Hz has a line at 60 Hz, and lines in between that mains has not.
TEST_F(Sounds, MachinesDoNotHum) {
  record_all(1, [](int64_t i, double value) {
    const double turn = 2 * std::numbers::pi * 30 * static_cast<double>(i) / 4000;
    return value + 0.02 * (std::sin(turn) + std::sin(2 * turn) + std::sin(3 * turn) + std::sin(4 * turn));
  });
  EXPECT_EQ(count_of(check(), "hum"), 0);
}

TEST_F(Sounds, OffsetOfOneRecording) {
  record_all(1);
  record("high", 20, 1, [](int64_t, double value) { return value + 0.1; });
  const CheckReport report = check();
  const Finding& finding = first_of(report, "offset");
  EXPECT_EQ(finding.file, "recordings/high/s_20.csv");
  ASSERT_EQ(finding.repair.size(), 1u);
  EXPECT_NEAR(finding.repair[0].channels.at(0).offset, -0.1, 0.01);
}

TEST_F(Sounds, CutOffAtFullScale) {
  record_all(1);
  record("high", 20, 1, [](int64_t, double value) { return 30 * value; });
  const CheckReport report = check();
  EXPECT_EQ(first_of(report, "clipped").file, "recordings/high/s_20.csv");
  EXPECT_GT(first_of(report, "clipped").time, 0);
}

TEST_F(Sounds, HoleInTheMiddle) {
  record_all(1);
  record("high", 20, 1, [](int64_t i, double value) { return i >= 1000 && i < 1060 ? 0 : value; });
  const CheckReport report = check();
  const Finding& finding = first_of(report, "stuck");
  EXPECT_EQ(finding.file, "recordings/high/s_20.csv");
  EXPECT_NEAR(finding.time, 0.25, 0.001);
}

// Real sets: what is found in them is there.
TEST(CheckRealSets, NoFalseAlarmByComparison) {
  struct Set {
    const char *folder, *source, *by;
    double rate;
    int window;
    std::vector<std::string> silent;  // recordings in which nothing happens
  };
  for (const Set& set : {Set{"har_logger", "*/*/*.csv", "filename:^(user\\d+)_", 50, 128, {}},
                         Set{"nano_gestures", "*/*.csv", "file", 119, 119, {}},
                         Set{"magic_wand",
                             "*/*.csv",
                             "filename:^[a-z]+_([a-z0-9]+)_",
                             25,
                             50,
                             {"wing/wing_hyw_33.csv", "wing/wing_hyw_34.csv"}}}) {
    const std::filesystem::path folder = shared_data() / set.folder;
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << "MOTE_DATA has no " << set.folder;
    DataConfig config = recordings_config();
    config.source = {set.source};
    config.rate = set.rate;
    config.window = TimeSpan{static_cast<double>(set.window), true};
    config.short_recordings = ShortPolicy::skip;
    config.split.by = set.by;
    const Result<CheckReport> report = check_data(config, folder, {});
    ASSERT_TRUE(report.ok()) << report.error().message;
    std::vector<std::string> silent;
    for (const Finding& finding : report->findings) {
      if (finding.kind == "silence") silent.push_back(finding.file);
      for (const char* kind : {"axes", "offset", "session", "hum", "near_duplicate", "mislabelled"})
        EXPECT_NE(finding.kind, kind) << set.folder << ": " << finding.file << ": " << finding.what;
    }
    EXPECT_EQ(silent, set.silent) << set.folder;
  }
}

}  // namespace
}  // namespace mote
