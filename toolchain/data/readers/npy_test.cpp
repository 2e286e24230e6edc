#include <fmt/format.h>
#include <gmock/gmock.h>

#include "toolchain/base/npy.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

void write_array(const ProjectFolder& project, const std::string& file, std::vector<int64_t> shape) {
  NpyArray array;
  array.dtype = DType::int16;
  array.shape = std::move(shape);
  const auto n = static_cast<size_t>(array.rows() * array.row_elements());
  for (size_t i = 0; i < n; ++i) {
    array.data.push_back(static_cast<uint8_t>(i * 37 % 251));
    array.data.push_back(static_cast<uint8_t>(i % 3));
  }
  EXPECT_TRUE(write_npy(project.path() / file, array).ok());
}

DataConfig config_of(const char* annotations, const char* label) {
  DataConfig config;
  config.source = {"data/*.npy"};
  config.annotations = annotations;
  config.label = {label};
  config.rate = 50;
  config.window = TimeSpan{10, true};
  config.split.by = "column:user";
  config.split.test.fraction = config.split.validation.fraction = 0;
  return config;
}

Dataset load(const DataConfig& config, const std::filesystem::path& folder) {
  Result<Dataset> dataset = load_dataset(config, folder, {});
  EXPECT_TRUE(dataset.ok()) << dataset.error().message;
  return dataset.ok() ? std::move(dataset).value() : Dataset{};
}

TEST(Npy, StretchesOfATable) {
  ProjectFolder project;
  write_array(project, "data/exp01_user01.npy", {100, 2});
  write_array(project, "data/exp02_user01.npy", {50, 2});
  write_array(project, "data/exp03_user02.npy", {50, 2});
  const std::string table =
      "experiment,user,name,start,end\n1,1,walk,60,95\n1,1,rest,5,40\n2,1,rest,0,50\n3,2,walk,30,50\n";
  project.write("segments.csv", table);
  DataConfig config = config_of("segments.csv", "column:name");
  config.channels = {"ax", "ay"};
  config.scale = {{"ay", 0.5}};
  const Dataset dataset = load(config, project.path());
  EXPECT_THAT(dataset.classes, ElementsAre("rest", "walk"));
  EXPECT_THAT(dataset.groups, UnorderedElementsAre("1", "2"));
  EXPECT_EQ(dataset.train.size(), 3 + 3 + 5 + 2);
  EXPECT_EQ(dataset.recordings[0].readings, 35);
  const int i = (5 * 2 + 1) * 37 % 251 + 256 * ((5 * 2 + 1) % 3);  // reading 5, second channel
  EXPECT_NEAR(to_value(dataset.counts[1], dataset.contract.channels[1]), 0.5 * i, 0.5);

  const auto error = [&](const std::string& rows) {
    project.write("segments.csv", rows);
    return load_error(config, project);
  };
  EXPECT_THAT(error(table + "2,1,walk,40,51\n"),
              HasSubstr("segments.csv:6: readings 40 to 51, but data/exp02_user01.npy has 50"));
  EXPECT_THAT(error(table + "3,2,walk,0,31\n"), HasSubstr("lines 6 and 5 are about the same readings of data/exp03"));
  EXPECT_THAT(error(table + "3,2,walk,x,31\n"), HasSubstr("segments.csv:6: column 'start': found 'x'"));
  EXPECT_THAT(error(table + "3,2,,0,20\n"), HasSubstr("segments.csv:6: column 'name' is empty"));
  EXPECT_THAT(error(table.substr(0, table.size() - 16)), HasSubstr("data/exp03_user02.npy: no row of segments.csv"));
  config.label = {"column:mood"};
  EXPECT_THAT(load_error(config, project), HasSubstr("this file has no columns"));
  config.scale = {{"az", 2}};
  EXPECT_THAT(load_error(config, project), HasSubstr("scale names 'az'"));
}

TEST(Npy, ArraysOfWindowsWithATableEach) {
  ProjectFolder project;
  for (const auto& [part, windows] : {std::pair{"train", 6}, std::pair{"test", 4}}) {
    write_array(project, fmt::format("data/{}_x.npy", part), {windows, 10, 3});
    std::string table = "index,label_name,user\n";
    for (int i = 0; i < windows; ++i) table += fmt::format("{},{},{}{}\n", i, i % 2 ? "up" : "down", part, i / 3);
    project.write(fmt::format("data/{}_labels.csv", part), table);
  }
  DataConfig config = config_of("data/*_labels.csv", "column:label_name");
  config.split.test.names = {"data/test_x.npy"};
  const Dataset dataset = load(config, project.path());
  EXPECT_EQ(dataset.train.size(), 6);
  EXPECT_EQ(dataset.test.size(), 4);
  EXPECT_THAT(dataset.class_counts(dataset.train), ElementsAre(3, 3));
  EXPECT_THAT(dataset.groups, UnorderedElementsAre("train0", "train1", "test0", "test1"));
  EXPECT_EQ(dataset.contract.channels[2].name, "ch3");
  config.channels = {"ch3", "ch1"};
  EXPECT_EQ(load(config, project.path()).contract.channels[0].name, "ch3");
  config.channels = {"ax", "ay"};
  EXPECT_THAT(load_error(config, project), AllOf(HasSubstr("no channel 'ax'"), HasSubstr("ch1, ch2, ch3")));
}

TEST(Npy, WhatIsWrongIsNamed) {
  ProjectFolder project;
  DataConfig config = config_of("", "filename:(.)");
  config.split.by = "file";
  write_array(project, "data/a.npy", {2, 3, 4, 5});
  EXPECT_THAT(load_error(config, project), HasSubstr("data/a.npy: an array of 4 dimensions"));
  write_array(project, "data/a.npy", {0, 3});
  EXPECT_THAT(load_error(config, project), HasSubstr("without readings"));
  project.write("data/a.npy", "\x93NUMPY\x01");
  EXPECT_THAT(load_error(config, project), HasSubstr("data/a.npy: not a .npy file"));
}

TEST(Npy, HaptAndUciHarOfTheDataSet) {
  const std::filesystem::path folder = shared_data();
  if (!std::filesystem::exists(folder / "hapt_raw")) GTEST_SKIP() << "needs " << folder / "hapt_raw";
  DataConfig config = config_of("hapt_raw/segments.csv", "column:label_name");
  config.source = {"hapt_raw/recordings/exp0*.npy"};
  config.window = TimeSpan{2.56, false};
  config.short_recordings = ShortPolicy::skip;
  config.channels = {"ax", "ay", "az", "gx", "gy", "gz"};
  config.scale = {{"ax", 1.0 / 720}, {"ay", 1.0 / 720}, {"az", 1.0 / 720}};
  const Dataset hapt = load(config, folder);
  EXPECT_GT(hapt.train.size(), 500);
  EXPECT_EQ(hapt.classes.size(), 12u);
  EXPECT_NEAR(hapt.channel_mean[0], 0.8, 0.2);  // worn at the waist: x is down, in g
  DataConfig windows = config_of("uci_har/*_labels.csv", "column:label_name");
  windows.source = {"uci_har/*_x.npy"};
  windows.window = TimeSpan{128, true};
  windows.split.by = "column:subject";
  windows.split.test.names = {"uci_har/test_x.npy"};
  const Dataset har = load(windows, folder);
  EXPECT_EQ(har.train.size(), 2400);
  EXPECT_EQ(har.test.size(), 1298);
}

}  // namespace
}  // namespace mote
