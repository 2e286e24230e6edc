#include "toolchain/data/dataset.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <set>

#include <fmt/format.h>

#include "toolchain/data/resample.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Dataset, WindowsHoldTheFilesReadings) {
  ProjectFolder project;
  write_good_recordings(project);
  const Dataset dataset = load(recordings_config(), project);
  EXPECT_THAT(dataset.classes, ElementsAre("fast", "slow"));
  EXPECT_EQ(dataset.contract.window, 20);
  EXPECT_EQ(dataset.contract.channels[0].name, "ax");
  EXPECT_EQ(dataset.train.size() + dataset.validation.size() + dataset.test.size(),
            60);  // 100..105 readings: 5 windows a file
  for (const DataWindow& window : dataset.train.windows) {
    const Recording& recording = dataset.recordings[static_cast<size_t>(window.recording)];
    const int file = recording.file[recording.file.size() - 5] - '0';
    const double speed = window.label == 1 ? 0.1 : 0.9;
    std::vector<float> values(40);
    dataset.values(window, values);
    for (int i = 0; i < 20; ++i) {
      const int at = static_cast<int>(window.offset - recording.offset) + i;
      EXPECT_NEAR(values[static_cast<size_t>(i * 2)], std::sin(at * speed + file) + 0.001 * at,
                  0.6 / dataset.contract.channels[0].counts_per_unit);
    }
  }
}

// What a table calls "t" is a temperature; a recording's "t" is its time.
TEST(Dataset, ColumnsThatMoteTomlDoesNotName) {
  ProjectFolder project;
  std::string rows = "date,t,h,open\n";
  for (int i = 0; i < 40; ++i)
    rows += "2024-05-31 10:" + std::to_string(10 + i) + "," + std::to_string(i % 7) + "," + std::to_string(i % 5) +
            (i % 7 > 3 ? ",yes\n" : ",no\n");
  project.write("t.csv", rows);
  DataConfig table;
  table.source = {"t.csv"};
  table.label = {"column:open"};
  table.split.by = "random";
  const Dataset dataset = load(table, project);
  ASSERT_EQ(dataset.contract.channels.size(), 2u);
  EXPECT_EQ(dataset.contract.channels[0].name, "t");
  EXPECT_THAT(dataset.notes, Contains("learns from the columns t, h (mote.toml does not say which)"));

  for (const char* label : {"slow", "fast"})
    project.write("recordings/" + std::string(label) + "/a.csv", "t,ax\n0,1\n10,2\n20,1\n30,3\n");
  DataConfig recordings = recordings_config();
  recordings.window = TimeSpan{1, true};
  recordings.split.test.fraction = recordings.split.validation.fraction = 0;
  const Dataset recorded = load(recordings, project);
  ASSERT_EQ(recorded.contract.channels.size(), 1u);
  EXPECT_EQ(recorded.contract.channels[0].name, "ax");
}

TEST(Dataset, TextAmongTheColumnsToLearnFrom) {
  ProjectFolder project;
  project.write("recordings/slow/a.csv", "t,ax,ay,remark\n0,1,2,good\n10,1,2,bad\n");
  EXPECT_THAT(load_error(recordings_config(), project),
              AllOf(HasSubstr("recordings/slow/a.csv:2: column 4 'remark': found 'good', expected a number"),
                    HasSubstr("channels = [\"ax\", \"ay\"]")));
}

TEST(Dataset, TimesThatAreNotUnderstood) {
  ProjectFolder project;
  for (const char* time : {"05/31/2024 14:06:17", "2024-05-31 02:06:17 PM", "noon"}) {
    project.write("recordings/slow/a.csv", "date,ax,ay\n" + std::string(time) + ",1,2\n");
    EXPECT_THAT(load_error(recordings_config(), project),
                AllOf(HasSubstr("recordings/slow/a.csv:2: column 1 'date'"), HasSubstr(time),
                      HasSubstr("2024-05-31 14:06:17.250"), HasSubstr("time = \"none\" and the rate")));
  }
}

TEST(Dataset, NoFileIsInTwoParts) {
  ProjectFolder project;
  write_good_recordings(project);
  const Dataset dataset = load(recordings_config(), project);
  std::set<std::string> seen;
  for (const DataPart* part : {&dataset.train, &dataset.validation, &dataset.test}) {
    std::set<std::string> files;
    EXPECT_THAT(dataset.class_counts(*part), testing::Each(testing::Gt(0)));
    for (const DataWindow& window : part->windows)
      files.insert(dataset.recordings[static_cast<size_t>(window.recording)].file);
    for (const std::string& file : files) EXPECT_TRUE(seen.insert(file).second) << file;
  }
}

TEST(Dataset, SeedDecidesTheSplitAndNothingElseDoes) {
  ProjectFolder project;
  write_good_recordings(project);
  DataConfig config = recordings_config();
  const std::string first = load(config, project).fingerprint;
  EXPECT_EQ(load(config, project).fingerprint, first);
  std::set<std::string> others;
  for (config.seed = 2; config.seed < 8; ++config.seed) others.insert(load(config, project).fingerprint);
  EXPECT_GT(others.size(), 1u);
}

TEST(Dataset, ScaleComesFromTheTrainingPartOrTheProject) {
  ProjectFolder project;
  write_good_recordings(project);
  project.record("recordings/fast/loud.csv", 100, 100, [](int i) { return 40 * std::sin(i * 0.9); });
  DataConfig config = recordings_config();
  config.split.test.names = {"recordings/*/loud.csv"};
  const Dataset dataset = load(config, project);
  EXPECT_EQ(dataset.contract.channels[0].counts_per_unit, 16384) << "the loud test file must not widen the range";
  EXPECT_THAT(dataset.notes, Contains(AllOf(HasSubstr("channel ax"), HasSubstr("saturated"))));
  config.full_scale = {{"ax", 64}};
  EXPECT_EQ(load(config, project).contract.channels[0].counts_per_unit, 512);
  config.full_scale = {{"az", 4}};
  EXPECT_THAT(load_error(config, project), AllOf(HasSubstr("full_scale names 'az'"), HasSubstr("ax, ay")));
}

// A file under two names would be learned and tested.
TEST(Dataset, HeldOutFilesMayBeNamedByAnyPath) {
  ProjectFolder project;
  write_good_recordings(project);
  project.record("recordings/fast/loud.csv", 100, 100, [](int i) { return 40 * std::sin(i * 0.9); });
  std::filesystem::create_directory_symlink(project.path() / "recordings", project.path() / "linked");
  DataConfig config = recordings_config();
  config.split.test.names = {"recordings/*/loud.csv"};
  const Dataset expected = load(config, project);
  for (const std::string& name :
       {(project.path() / "recordings/*/loud.csv").string(), (project.path() / "linked/fast/loud.csv").string(),
        std::string("./recordings/fast/./loud.csv"), std::string("linked/fast/loud.csv")}) {
    config.split.test.names = {name};
    const Dataset dataset = load(config, project);
    EXPECT_EQ(dataset.test.size(), expected.test.size()) << name;
    EXPECT_EQ(dataset.recordings.size(), expected.recordings.size()) << name;
  }
}

TEST(Dataset, LabelsFromEverywhere) {
  ProjectFolder project;
  for (int i = 0; i < 6; ++i)
    project.record("all/" + std::string(i % 2 ? "on" : "off") + "_" + std::to_string(i) + ".csv", 60, 100,
                   [&](int k) { return std::sin(k * (i + 1) * 0.1); });
  DataConfig config = recordings_config();
  config.source = {"all/*.csv"};
  config.label = {"filename:^([a-z]+)_"};
  EXPECT_THAT(load(config, project).classes, ElementsAre("off", "on"));
  project.write("all/labels.csv",
                "file,label\noff_0.csv,a\non_1.csv,b\noff_2.csv,a\non_3.csv,b\noff_4.csv,a\non_5.csv,b\n");
  config.label = {"file:all/labels.csv"};
  EXPECT_THAT(load(config, project).classes, ElementsAre("a", "b"));
  project.write("all/labels.csv", "file,label\noff_0.csv,a\n");
  EXPECT_THAT(load_error(config, project), AllOf(HasSubstr("all/off_2.csv"), HasSubstr("has no line for this file")));
  std::filesystem::remove(project.path() / "all/labels.csv");
  config.label = {"filename:^([A-Z]+)_"};
  EXPECT_THAT(load_error(config, project), HasSubstr("does not match label"));
  config.label = {"filename:^[a-z]+_"};
  EXPECT_THAT(load_error(config, project), HasSubstr("a group in parentheses"));
  config.label = {"filename:(["};
  EXPECT_THAT(load_error(config, project), HasSubstr("not a regular expression"));
  config.label = {"colum:x"};
  EXPECT_THAT(load_error(config, project), HasSubstr("Did you mean 'column'?"));
}

TEST(Dataset, ClassesThatAreLearned) {
  ProjectFolder project;
  for (const char* label : {"walk", "run", "sit", "stairs"})
    for (int i = 0; i < 4; ++i)
      project.record(fmt::format("recordings/{}/{}.csv", label, i), 60, 100,
                     [&](int k) { return std::sin(k * (i + 1) * 0.1); });
  project.write("recordings/sit/9.csv", "timestamp,ax,ay\n0,1,1\n1000,,\n");  // of another rate, too short, with a hole
  DataConfig config = recordings_config();
  config.classes = {"walk", "run"};
  const Dataset two = load(config, project);
  EXPECT_THAT(two.classes, ElementsAre("run", "walk"));
  EXPECT_EQ(two.recordings.size(), 8u);
  EXPECT_THAT(two.notes, Contains("2 labels that classes does not name left out: sit, stairs"));
  std::filesystem::remove(project.path() / "recordings/sit/9.csv");
  config.other = "unknown";
  const Dataset three = load(config, project);
  EXPECT_THAT(three.classes, ElementsAre("run", "unknown", "walk"));
  EXPECT_EQ(three.recordings.size(), 16u);
  EXPECT_THAT(three.notes, Contains("2 labels that classes does not name count as unknown: sit, stairs"));
  config.classes = {"walk", "runs"};
  EXPECT_THAT(load_error(config, project), AllOf(HasSubstr("no recording has the label 'runs'"), HasSubstr("run")));
  config.classes = {"walk", "walk"};
  EXPECT_THAT(load_error(config, project), HasSubstr("classes name 'walk' twice"));
  config.classes = {};
  EXPECT_THAT(load_error(config, project), HasSubstr("which labels it does not stand for"));
  config.other = "";
  config.classes = {"walk"};
  config.task = DataTask::anomaly;
  EXPECT_THAT(load_error(config, project), HasSubstr("for classification only"));
}

// Within a recording, stretches of other labels are gaps that no window spans.
TEST(Dataset, ClassesWithinARecording) {
  ProjectFolder project;
  for (int i = 0; i < 6; ++i) {
    std::string text = "timestamp,ax,what\n";
    for (int k = 0; k < 120; ++k)
      text += fmt::format("{},{},{}\n", k * 10, k, k < 40 ? "on" : (k < 70 ? "moving" : (k < 100 ? "on" : "off")));
    project.write(fmt::format("recordings/x/{}.csv", i), text);
  }
  DataConfig config = recordings_config();
  config.label = {"column:what"};
  config.classes = {"on", "off"};
  const Dataset dataset = load(config, project);
  EXPECT_THAT(dataset.classes, ElementsAre("off", "on"));
  EXPECT_EQ(dataset.recordings.size(), 18u);  // of 40, 30 and 20 readings
  EXPECT_EQ(dataset.train.size() + dataset.validation.size() + dataset.test.size(), 6 * (2 + 1 + 1));
}

// A label column cuts the recording where it changes; group columns too.
TEST(Dataset, LabelColumnCutsTheRecording) {
  ProjectFolder project;
  std::string text = "t;x;state;who\n";
  for (int i = 0; i < 400; ++i)
    text += std::to_string(i / 100.0) + ";" + std::to_string(std::sin(i * 0.3)) + ";" + (i / 50 % 2 ? "up" : "down") +
            ";" + (i < 200 ? "p1" : "p2") + "\n";
  project.write("log.csv", text);
  DataConfig config = recordings_config();
  config.source = {"log.csv"};
  config.label = {"column:state"};
  config.split = {"column:who", {0, {}}, {0, {"p2"}}, 0, 0};
  const Dataset dataset = load(config, project);
  EXPECT_EQ(dataset.recordings.size(), 8u);
  EXPECT_EQ(dataset.contract.channels.size(), 1u) << "label, group and time are no channels";
  EXPECT_THAT(dataset.class_counts(dataset.train), ElementsAre(4, 4));
  for (const DataWindow& window : dataset.test.windows)
    EXPECT_EQ(dataset.recordings[static_cast<size_t>(window.recording)].group, "p2");
}

TEST(Dataset, GapsAreNeverSpanned) {
  ProjectFolder project;
  write_good_recordings(project);
  std::string text = "timestamp,ax,ay\n";
  for (int i = 0; i < 100; ++i) text += std::to_string(i * 10 + (i >= 50 ? 300 : 0)) + "," + std::to_string(i) + ",0\n";
  project.write("recordings/slow/gap.csv", text);
  DataConfig config = recordings_config();
  const Dataset dataset = load(config, project);
  EXPECT_THAT(dataset.notes, Contains(AllOf(HasSubstr("1 gap that"), HasSubstr("gap.csv"))));
  EXPECT_EQ(std::count_if(dataset.recordings.begin(), dataset.recordings.end(),
                          [](const Recording& r) { return r.file == "recordings/slow/gap.csv"; }),
            2);
  config.gaps = GapPolicy::fill;
  const Dataset filled = load(config, project);
  const auto recording = std::find_if(filled.recordings.begin(), filled.recordings.end(),
                                      [](const Recording& r) { return r.file == "recordings/slow/gap.csv"; });
  EXPECT_EQ(recording->readings, 130);
  config.gaps = GapPolicy::error;
  EXPECT_THAT(load_error(config, project), HasSubstr("gap.csv:52"));
}

TEST(Dataset, MissingValuesAreAnErrorUnlessTheProjectSaysHow) {
  ProjectFolder project;
  write_good_recordings(project);
  std::string text = "timestamp,ax,ay\n";
  for (int i = 0; i < 100; ++i)
    text += std::to_string(i * 10) + "," + (i == 50 ? "nan" : std::to_string(i * 0.01)) + ",0.5\n";
  project.write("recordings/slow/hole.csv", text);
  DataConfig config = recordings_config();
  EXPECT_THAT(load_error(config, project),
              AllOf(HasSubstr("hole.csv:52: column 'ax'"), HasSubstr("missing = \"drop\"")));
  config.missing = MissingPolicy::interpolate;
  const Dataset dataset = load(config, project);
  const auto recording = std::find_if(dataset.recordings.begin(), dataset.recordings.end(),
                                      [](const Recording& r) { return r.file == "recordings/slow/hole.csv"; });
  EXPECT_NEAR(to_value(dataset.counts[static_cast<size_t>((recording->offset + 50) * 2)], dataset.contract.channels[0]),
              0.5, 1e-3);
  config.missing = MissingPolicy::drop;
  EXPECT_THAT(load(config, project).notes, Contains(HasSubstr("1 row with a missing value left out")));
}

TEST(Dataset, ShortRecordings) {
  ProjectFolder project;
  write_good_recordings(project);
  project.record("recordings/slow/short.csv", 15, 100, [](int i) { return i * 0.01; });
  DataConfig config = recordings_config();
  EXPECT_THAT(load_error(config, project),
              AllOf(HasSubstr("1 recording is shorter than the window (20 readings, 0.2 s)"),
                    HasSubstr("short.csv (15 readings)")));
  config.short_recordings = ShortPolicy::skip;
  EXPECT_THAT(load(config, project).notes, Contains(HasSubstr("left out in 1 file (recordings/slow/short.csv")));
  config.short_recordings = ShortPolicy::pad;
  const Dataset dataset = load(config, project);
  const auto padded = std::find_if(dataset.recordings.begin(), dataset.recordings.end(),
                                   [](const Recording& r) { return r.padded > 0; });
  ASSERT_NE(padded, dataset.recordings.end());
  EXPECT_EQ(padded->padded, 5);
  EXPECT_EQ(dataset.counts[static_cast<size_t>((padded->offset + 19) * 2)],
            dataset.counts[static_cast<size_t>((padded->offset + 14) * 2)]);
}

TEST(Dataset, Rates) {
  ProjectFolder project;
  write_good_recordings(project);
  project.record("recordings/slow/half.csv", 100, 50, [](int i) { return std::sin(i * 0.2); });
  DataConfig config = recordings_config();
  EXPECT_THAT(load_error(config, project),
              AllOf(HasSubstr("half.csv: recorded at 50 Hz"), HasSubstr("two rates"), HasSubstr("resample = true")));
  config.resample = true;
  const Dataset dataset = load(config, project);
  const auto half = std::find_if(dataset.recordings.begin(), dataset.recordings.end(),
                                 [](const Recording& r) { return r.file.ends_with("half.csv"); });
  EXPECT_EQ(half->readings, 199);
  EXPECT_THAT(dataset.notes, Contains(HasSubstr("resampled to 100 Hz")));
}

TEST(Dataset, TimeUnits) {
  for (const auto& [header, factor] :
       {std::pair{"timestamp", 1e3}, std::pair{"time_us", 1e6}, std::pair{"t [s]", 1.0}, std::pair{"micros", 1e6}}) {
    ProjectFolder project;
    for (int file = 0; file < 8; ++file) {
      std::string text = std::string(header) + ",v\n";
      for (int i = 0; i < 60; ++i)
        text += std::to_string(factor * (5 + i / 100.0)) + "," + std::to_string(std::sin(i * 0.1 * (file + 1))) + "\n";
      project.write("recordings/" + std::string(file % 2 ? "a" : "b") + "/" + std::to_string(file) + ".csv", text);
    }
    DataConfig config = recordings_config();
    EXPECT_EQ(load(config, project).train.size() > 0, true) << header;
    config.rate.reset();
    config.window = TimeSpan{20, true};
    if (std::string(header) == "timestamp") {
      EXPECT_THAT(load_error(config, project), HasSubstr("cannot tell the unit"));
    } else {
      EXPECT_DOUBLE_EQ(load(config, project).contract.rate_hz, 100) << header;
    }
  }
}

TEST(Dataset, BadProjects) {
  ProjectFolder project;
  DataConfig config = recordings_config();
  EXPECT_THAT(load_error(config, project), AllOf(HasSubstr("matches no file"), HasSubstr("recordings/*/*.csv")));
  write_good_recordings(project);
  config.channels = {"ax", "az"};
  EXPECT_THAT(load_error(config, project),
              AllOf(HasSubstr("no column 'az'"), HasSubstr("timestamp, ax, ay"), HasSubstr("Did you mean")));
  config = recordings_config();
  config.source = {"recordings/slow/*.csv"};
  EXPECT_THAT(load_error(config, project), HasSubstr("every recording has the label 'slow'"));
  config = recordings_config();
  project.record("recordings/rare/only.csv", 100, 100, [](int i) { return i * 0.01; });
  EXPECT_THAT(load_error(config, project), AllOf(HasSubstr("label 'rare' has one recording"), HasSubstr("only.csv")));
  config.split.by = "time";
  config.split.validation.fraction = 0;  // its share of 100 readings holds no window
  EXPECT_TRUE(load_dataset(config, project.path(), {}).ok());
  config = recordings_config();
  config.split.test.names = {"p9"};
  EXPECT_THAT(load_error(config, project), HasSubstr("is no group and matches no file"));
  config = recordings_config();
  config.split.validation.fraction = 0.9;
  EXPECT_THAT(load_error(config, project), HasSubstr("nothing is left for training"));
  config = recordings_config();
  config.window.reset();
  EXPECT_THAT(load_error(config, project), HasSubstr("data.window is missing"));
}

TEST(Dataset, FoldsCoverEveryRecordingOnce) {
  ProjectFolder project;
  write_good_recordings(project);
  DataConfig config = recordings_config();
  config.split.folds = 3;
  std::multiset<std::string> tested;
  for (config.split.fold = 0; config.split.fold < 3; ++config.split.fold) {
    const Dataset dataset = load(config, project);
    std::set<std::string> files;
    for (const DataWindow& window : dataset.test.windows)
      files.insert(dataset.recordings[static_cast<size_t>(window.recording)].file);
    EXPECT_EQ(files.size(), 4u);
    tested.insert(files.begin(), files.end());
  }
  EXPECT_EQ(tested.size(), 12u);
  EXPECT_EQ(std::set<std::string>(tested.begin(), tested.end()).size(), 12u);
}

TEST(Dataset, TimeSplitKeepsTheFuture) {
  ProjectFolder project;
  std::string text = "datetime,temperature,humidity,soil\n";
  for (int i = 0; i < 100; ++i)
    text += "2024-05-01 " + std::string(i / 60 < 1 ? "10" : "11") + ":" + (i % 60 < 10 ? "0" : "") +
            std::to_string(i % 60) + ":00," + std::to_string(20 + i * 0.01) + ",5," + std::to_string(i) + "\n";
  project.write("log.csv", text);
  DataConfig config;
  config.task = DataTask::regression;
  config.source = {"log.csv"};
  config.label = {"column:soil"};
  config.channels = {"temperature", "humidity"};
  config.split = {"time", {0.15, {}}, {0.2, {}}, 0, 0};
  const Dataset dataset = load(config, project);
  EXPECT_EQ(dataset.contract.window, 1);
  ASSERT_EQ(dataset.train.size(), 65);
  EXPECT_EQ(dataset.train.targets.back(), 64);
  EXPECT_EQ(dataset.validation.targets.front(), 65);
  EXPECT_EQ(dataset.test.targets.front(), 80);
  EXPECT_NEAR(dataset.target_mean[0], 32, 1e-9);
  EXPECT_NEAR(dataset.target_deviation[0], std::sqrt((65.0 * 65 - 1) / 12), 1e-9);
  EXPECT_NEAR(to_value(dataset.window(dataset.train.windows[0])[0], dataset.contract.channels[0]), 20, 1e-3);
}

TEST(Dataset, WindowsTakeTheTargetOfTheirLastRow) {
  ProjectFolder project;
  for (int file = 0; file < 4; ++file) {
    std::string text = "timestamp,v,y\n";
    for (int i = 0; i < 40; ++i)
      text += std::to_string(i * 10) + "," + std::to_string(std::cos(i)) + "," + std::to_string(file * 100 + i) + "\n";
    project.write("recordings/a/" + std::to_string(file) + ".csv", text);
  }
  DataConfig config = recordings_config();
  config.task = DataTask::regression;
  config.label = {"column:y"};
  const Dataset dataset = load(config, project);
  for (size_t i = 0; i < dataset.train.windows.size(); ++i)
    EXPECT_EQ(static_cast<int>(dataset.train.targets[i]) % 100 % 20, 19);
}

// A tone below the new band passes, one above it does not.
TEST(Resample, LowPassBeforeGoingToALowerRate) {
  std::vector<double> seconds;
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) {
    seconds.push_back(i / 200.0);
    values.push_back(static_cast<float>(std::sin(2 * std::numbers::pi * 5 * seconds.back())));
    values.push_back(static_cast<float>(std::sin(2 * std::numbers::pi * 60 * seconds.back())));
  }
  const Resampled result = resample(seconds, values, 2, 50);
  ASSERT_EQ(result.readings, 250);
  for (int64_t i = 10; i < 240; ++i) {
    EXPECT_NEAR(result.values[static_cast<size_t>(i * 2)],
                std::sin(2 * std::numbers::pi * 5 * static_cast<double>(i) / 50), 0.02);
    EXPECT_NEAR(result.values[static_cast<size_t>(i * 2 + 1)], 0, 0.03);
  }
}

TEST(Resample, LinearToAHigherRate) {
  const std::vector<double> seconds = {0, 0.1, 0.2, 0.4};
  const std::vector<float> values = {0, 1, 2, 6};
  const Resampled result = resample(seconds, values, 1, 20);
  EXPECT_EQ(result.readings, 9);
  EXPECT_THAT(result.values,
              testing::Pointwise(testing::FloatNear(1e-5f), std::vector<float>{0, 0.5f, 1, 1.5f, 2, 3, 4, 5, 6}));
}

TEST(Config, SpansAndRates) {
  EXPECT_DOUBLE_EQ(parse_time_span("window", "250 ms")->value, 0.25);
  EXPECT_TRUE(parse_time_span("window", "128 samples")->in_samples);
  EXPECT_TRUE(parse_time_span("window", "1 row")->in_samples);
  EXPECT_DOUBLE_EQ(*parse_rate("rate", "2kHz"), 2000);
  for (const char* text : {"", "s", "-1 s", "1", "1 furlong", "nan s", "1.5 samples"})
    EXPECT_FALSE(parse_time_span("window", text).ok()) << text;
  EXPECT_THAT(parse_rate("rate", "100").error().message, HasSubstr("100 Hz"));
}

}  // namespace
}  // namespace mote
