// Recordings that begin with their baseline: windows come after it, and are expressed by it.
#include "toolchain/data/baseline.h"

#include <gmock/gmock.h>

#include <cmath>

#include "features/baseline/baseline.h"
#include "toolchain/data/streams.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

DataConfig baseline_config() {
  DataConfig config = recordings_config();
  config.baseline = TimeSpan{0.5, false};
  return config;
}

// Sensors that were mounted anew for each file: another offset, another gain.
void write_mountings(const ProjectFolder& project, int rows = 150) {
  for (int file = 0; file < 6; ++file)
    for (const double speed : {0.1, 0.9})
      project.record("recordings/" + std::string(speed < 0.5 ? "slow" : "fast") + "/r_" + std::to_string(file) + ".csv",
                     rows, 100, [&](int i) { return 3 * file + (1 + file) * std::sin(i * speed); });
}

TEST(DataBaseline, WindowsComeAfterItAndAreExpressedByIt) {
  const ProjectFolder project;
  write_mountings(project);
  const Dataset dataset = load(baseline_config(), project);
  EXPECT_EQ(dataset.contract.baseline.readings, 50);
  ASSERT_EQ(dataset.contract.baseline.least.size(), 2u);
  EXPECT_EQ(dataset.channels[0].unit, "deviations");
  EXPECT_EQ(dataset.recordings.size(), 12u);
  EXPECT_EQ(dataset.train.size() + dataset.validation.size() + dataset.test.size(), 12 * 5);
  for (const DataPart* part : {&dataset.train, &dataset.validation, &dataset.test})
    for (const DataWindow& window : part->windows) {
      const Recording& recording = dataset.recordings[static_cast<size_t>(window.recording)];
      EXPECT_EQ(recording.first_reading, 50);
      EXPECT_EQ(recording.first_line, 52);
      EXPECT_NEAR(recording.start, 0.5, 1e-9);
      const int file = recording.file[recording.file.size() - 5] - '0';
      const double speed = recording.file.find("slow") != std::string::npos ? 0.1 : 0.9;
      double mean = 0, square = 0;
      for (int i = 0; i < 50; ++i) mean += std::sin(i * speed) / 50, square += std::pow(std::sin(i * speed), 2) / 50;
      const double first = std::sin(static_cast<double>(50 + window.offset - recording.offset) * speed);
      const double expected = (first - mean) / std::sqrt(square - mean * mean);
      EXPECT_NEAR(to_value(dataset.window(window)[0], dataset.channels[0]), expected, 0.01) << recording.file << file;
    }
}

TEST(DataBaseline, FedReadingsAreTheFilesAsTheyAre) {
  const ProjectFolder project;
  write_mountings(project);
  const Dataset dataset = load(baseline_config(), project), plain = load(recordings_config(), project);
  const DataWindow& window = dataset.test.windows[0];
  const Recording& recording = dataset.recordings[static_cast<size_t>(window.recording)];
  std::vector<int16_t> fed(static_cast<size_t>(dataset.contract.fed_elements()));
  ASSERT_EQ(fed.size(), 2u * (50 + 20));
  dataset.fed_window(window, fed);
  for (const Recording& same : plain.recordings) {
    if (same.file != recording.file) continue;
    for (size_t i = 0; i < fed.size(); ++i) {
      const size_t at = static_cast<size_t>(same.offset) * 2 + i;
      EXPECT_NEAR(to_value(fed[i], dataset.contract.channels[i % 2]),
                  to_value(plain.counts[at], plain.contract.channels[i % 2]), 1e-2);
    }
  }
  std::vector<int16_t> relative(fed.begin() + 100, fed.end());
  make_relative(dataset.contract, std::span(fed).first(100), relative);
  EXPECT_TRUE(std::ranges::equal(relative, dataset.window(window)));
}

TEST(DataBaseline, WithoutScaleReadingsKeepTheirUnit) {
  const ProjectFolder project;
  write_mountings(project);
  DataConfig config = baseline_config();
  config.baseline_scale = false;
  const Dataset dataset = load(config, project);
  EXPECT_TRUE(dataset.contract.baseline.least.empty());
  EXPECT_EQ(dataset.channels[0].counts_per_unit, dataset.contract.channels[0].counts_per_unit);
  EXPECT_LT(std::abs(dataset.channel_mean[0]), 1.5) << "offsets of up to 15 are gone";
}

// Of files whose rows have labels.
DataConfig labelled_rows(int32_t baseline) {
  DataConfig config;
  config.source = {"data/*.csv"};
  config.label = {"column:label"};
  config.rate = 100;
  config.window = TimeSpan{10, true};
  config.baseline = TimeSpan{static_cast<double>(baseline), true};
  config.split.validation.fraction = 0;
  return config;
}

TEST(DataBaseline, GoesOnOverChangesOfLabelAndGaps) {
  const ProjectFolder project;
  for (const char* file : {"data/a.csv", "data/b.csv"}) {
    std::string text = "timestamp,ax,label\n";
    for (int i = 0; i < 200; ++i)
      text += std::to_string(10 * i + (i >= 30 ? 1000 : 0)) + "," + std::to_string(std::sin(i * 0.7)) + "," +
              (i < 60 ? "x" : "y") + "\n";
    project.write(file, text);
  }
  DataConfig config = labelled_rows(45);
  config.split.by = "file";
  config.split.test.names = {"data/b.csv"};
  const Dataset dataset = load(config, project);
  ASSERT_EQ(dataset.baselines.size(), 2u);
  ASSERT_EQ(dataset.recordings.size(), 4u) << "x from reading 45 on and y, of each file";
  EXPECT_EQ(dataset.recordings[0].first_reading, 45);
  EXPECT_EQ(dataset.recordings[0].readings, 15);
  EXPECT_FALSE(dataset.recordings[0].goes_on);
  EXPECT_TRUE(dataset.recordings[1].goes_on);
  EXPECT_EQ(dataset.recordings[0].baseline, dataset.recordings[1].baseline);
  const std::vector<DataStream> streams = streams_of(dataset, dataset.test);
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams[0].readings, 155) << "what a device gets after its baseline";
}

TEST(DataBaseline, BeginsAnewWhereTheClockDoesAndWhereTheGroupDoes) {
  const ProjectFolder project;
  for (const char* file : {"data/a.csv", "data/b.csv"}) {
    std::string text = "timestamp,ax,label,person\n";
    for (int i = 0; i < 300; ++i)
      text += std::to_string(10 * (i % 100 + (i < 200 ? 0 : 100))) + "," + std::to_string(std::sin(i * 0.7)) + "," +
              (i % 50 < 25 ? "x" : "y") + "," + (i < 200 ? file[5] : 'c') + "\n";
    project.write(file, text);
  }
  DataConfig config = labelled_rows(20);
  config.split.by = "column:person";
  config.short_recordings = ShortPolicy::skip;
  EXPECT_EQ(load(config, project).baselines.size(), 6u);
}

TEST(DataBaseline, ShortRecordingsAreNamed) {
  const ProjectFolder project;
  write_mountings(project);
  project.record("recordings/slow/short.csv", 37, 100, [](int i) { return std::sin(i); });
  DataConfig config = baseline_config();
  const auto all = AllOf(HasSubstr("1 recording ends with the baseline of 50 readings or before: "
                                   "recordings/slow/short.csv (37 readings)"),
                         HasSubstr("shorter data.baseline"), HasSubstr("short = \"skip\""), HasSubstr("gesture"));
  EXPECT_THAT(load_error(config, project), all);
  config.short_recordings = ShortPolicy::pad;
  EXPECT_THAT(load_error(config, project), all) << "there is no reading after the baseline to repeat";
  config.short_recordings = ShortPolicy::skip;
  EXPECT_THAT(load(config, project).notes, testing::Contains(HasSubstr("left out: recordings/slow/short.csv")));
}

TEST(DataBaseline, TooShortForAWindowAfterIt) {
  const ProjectFolder project;
  write_mountings(project);
  project.record("recordings/slow/short.csv", 60, 100, [](int i) { return std::sin(i); });
  EXPECT_THAT(load_error(baseline_config(), project), HasSubstr("shorter than the window (20 readings, 0.2 s after the "
                                                                "baseline): recordings/slow/short.csv (10 readings)"));
}

TEST(DataBaseline, NeedsAPlaceInTime) {
  const ProjectFolder project;
  write_mountings(project);
  DataConfig config = baseline_config();
  config.rate.reset();
  config.window.reset();
  EXPECT_THAT(load_error(config, project), HasSubstr("data.baseline: rows of a table have no beginning in time"));
  config.image = ImageSize{8, 8, true};
  EXPECT_THAT(load_error(config, project), HasSubstr("data.baseline: images have no beginning in time"));
  config = baseline_config();
  config.baseline = TimeSpan{1, true};
  EXPECT_THAT(load_error(config, project), HasSubstr("data.baseline is 1 readings; expected 2 to 65536"));
  config.baseline = TimeSpan{1000, false};
  EXPECT_THAT(load_error(config, project), HasSubstr("100000 readings (1000 s at 100 Hz); expected 2 to 65536"));
}

TEST(DataBaseline, AnomaliesInItAreNoted) {
  const ProjectFolder project;
  for (int file = 0; file < 6; ++file) {
    std::string text = "timestamp,ax,state\n";
    for (int i = 0; i < 200; ++i)
      text += std::to_string(10 * i) + "," + std::to_string(std::sin(i * 0.3 + file)) + "," +
              (i > 150 || (file == 2 && i > 30) ? "bad" : "good") + "\n";
    project.write("recordings/all/r_" + std::to_string(file) + ".csv", text);
  }
  DataConfig config = baseline_config();
  config.task = DataTask::anomaly;
  config.label = {"column:state"};
  config.normal = {"good"};
  EXPECT_THAT(load(config, project).notes,
              testing::Contains(HasSubstr("1 recording has anomalous readings in the baseline, which stand for normal "
                                          "ones then: recordings/all/r_2.csv")));
}

// A model keeps the counts and the least deviations that it was trained with.
TEST(DataBaseline, AModelsContractIsAdopted) {
  const ProjectFolder project;
  write_mountings(project);
  Dataset dataset = load(baseline_config(), project);
  RecordingContract wanted = dataset.contract;
  for (ChannelContract& channel : wanted.channels) channel.counts_per_unit /= 2;
  for (double& least : wanted.baseline.least) least /= 2;
  const Dataset before = dataset;
  adopt_contract(wanted, dataset);
  EXPECT_EQ(dataset.contract, wanted);
  const std::span<const int16_t> a = before.window(before.test.windows[0]), b = dataset.window(before.test.windows[0]);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 3);
  EXPECT_NEAR(dataset.fed[11], before.fed[11] / 2.0, 1);
}

}  // namespace
}  // namespace mote
