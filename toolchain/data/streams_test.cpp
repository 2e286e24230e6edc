#include "toolchain/data/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::ElementsAre;

// One file at 100 Hz, label per row by `label`, a gap of a second before row `gap`.
void record(const ProjectFolder& project, const std::string& file, int rows,
            const std::function<std::string(int)>& label, int gap = 0) {
  std::string text = "timestamp,ax,label\n";
  for (int i = 0; i < rows; ++i)
    text += std::to_string(10 * i + (gap > 0 && i >= gap ? 1000 : 0)) + "," + std::to_string(std::sin(i * 0.7)) + "," +
            label(i) + "\n";
  project.write(file, text);
}

DataConfig config_of() {
  DataConfig config;
  config.source = {"data/*.csv"};
  config.label = {"column:label"};
  config.rate = 100;
  config.window = TimeSpan{40, true};
  config.stride = TimeSpan{15, true};
  config.split.by = "file";
  config.split.validation.fraction = 0;
  config.split.test.names = {"data/test*.csv"};
  config.short_recordings = ShortPolicy::skip;
  return config;
}

std::string halves(int i) {
  return i < 100 ? "a" : "b";
}

std::vector<int64_t> starts(const DataStream& stream) {
  std::vector<int64_t> offsets;
  for (const DataWindow& window : stream.windows) offsets.push_back(window.offset - stream.windows[0].offset);
  return offsets;
}

TEST(Streams, GoOnWhereOnlyTheLabelChanges) {
  const ProjectFolder project;
  record(project, "data/train.csv", 200, halves);
  record(project, "data/test.csv", 200, halves);
  const Dataset dataset = load(config_of(), project);
  const std::vector<DataStream> streams = streams_of(dataset, dataset.test);
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams[0].readings, 200);
  EXPECT_THAT(streams[0].bouts, ElementsAre(Bout{0, 0, 100}, Bout{1, 100, 200}));
  // Every stride, also over the change, where the data set has no window.
  EXPECT_THAT(starts(streams[0]), ElementsAre(0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150));
  EXPECT_EQ(dataset.test.size(), 10);
  EXPECT_EQ(streams[0].windows[4].label, 0);  // 60 to 99
  EXPECT_EQ(streams[0].windows[5].label, 1);  // 75 to 114
  // The readings are those of the file.
  const std::span<const int16_t> window = dataset.window(streams[0].windows[6]);
  EXPECT_NEAR(to_value(window[0], dataset.contract.channels[0]), std::sin(90 * 0.7), 1e-3);
  EXPECT_NEAR(to_value(window[39], dataset.contract.channels[0]), std::sin(129 * 0.7), 1e-3);
}

TEST(Streams, EndAtGapsAtFilesAndAtShortPieces) {
  const ProjectFolder project;
  record(project, "data/train.csv", 200, halves);
  record(project, "data/test_1.csv", 200, halves, 100);  // the label changes where readings are missing
  record(project, "data/test_2.csv", 200, halves, 150);  // a gap in the second half
  record(project, "data/test_3.csv", 200, [](int i) { return i < 90 || i >= 110 ? "a" : "b"; });  // 20 readings of b
  const Dataset dataset = load(config_of(), project);
  std::vector<int64_t> readings;
  for (const DataStream& stream : streams_of(dataset, dataset.test)) readings.push_back(stream.readings);
  EXPECT_THAT(readings, ElementsAre(100, 100, 150, 50, 90, 90));
}

TEST(Streams, AreOfOnePart) {
  const ProjectFolder project;
  record(project, "data/one.csv", 1000, [](int i) { return i % 200 < 100 ? "a" : "b"; });
  DataConfig config = config_of();
  config.split.by = "time";
  config.split.test = {0.4, {}};
  const Dataset dataset = load(config, project);
  const std::vector<DataStream> streams = streams_of(dataset, dataset.test);
  int64_t covered = 0;
  for (const DataStream& stream : streams) {
    covered += stream.readings;
    for (const DataWindow& window : stream.windows)
      for (const DataWindow& other : dataset.train.windows)
        EXPECT_TRUE(window.offset + 40 <= other.offset || other.offset + 40 <= window.offset);
  }
  EXPECT_GE(covered, 300);
  config.split.by = "random";
  const Dataset torn = load(config, project);
  EXPECT_TRUE(streams_of(torn, torn.test).empty());
}

}  // namespace
}  // namespace mote
