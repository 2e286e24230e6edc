#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "toolchain/base/npy.h"
#include "toolchain/data/readers/reader.h"
#include "toolchain/data/show.h"
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
  EXPECT_THAT(show_data(dataset, 100), HasSubstr("rest: data/exp01_user01.npy, 10 readings from reading 5\n"));
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

// numpy.save, for any descr and order; `bytes` as they follow the header.
std::string saved(const std::string& descr, bool fortran, const std::string& shape, const std::string& bytes) {
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': ({}), }}", descr, fortran ? "True" : "False", shape);
  header.resize(118, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + bytes;
}

template <class T>
std::string packed(const std::vector<T>& values, bool swapped) {
  std::string text;
  for (const T value : values) {
    std::string bytes(reinterpret_cast<const char*>(&value), sizeof(T));
    if (swapped) std::reverse(bytes.begin(), bytes.end());
    text += bytes;
  }
  return text;
}

// What the reader makes of one file.
Result<Series> read_one(const ProjectFolder& project, const std::string& bytes) {
  project.write("data/a.npy", bytes);
  DataConfig config;
  Agreement agreed;
  const std::vector<Rule> labels;
  const Rule group;
  return read_recording({project.path() / "data/a.npy", "data/a.npy", config, labels, group, agreed});
}

template <class T>
void expect_numbers(const ProjectFolder& project, const std::string& type, const std::vector<T>& values) {
  for (const bool swapped : {false, true}) {
    const std::string descr = (swapped ? ">" : "<") + type;
    const Result<Series> series = read_one(project, saved(descr, false, "4,", packed(values, swapped)));
    ASSERT_TRUE(series.ok()) << descr << series.error().message;
    EXPECT_THAT(series->values, testing::ElementsAreArray(std::vector<float>(values.begin(), values.end()))) << descr;
  }
}

TEST(Npy, EveryTypeAndByteOrder) {
  ProjectFolder project;
  expect_numbers<uint16_t>(project, "u2", {0, 1, 40000, 65535});
  expect_numbers<uint32_t>(project, "u4", {0, 1, 0x01020304, 0xFFFFFF00});
  expect_numbers<uint64_t>(project, "u8", {0, 1, 0x0102030000000000, uint64_t{1} << 63});
  expect_numbers<int16_t>(project, "i2", {0, -1, 258, -32768});
  expect_numbers<int32_t>(project, "i4", {0, -1, 0x010203, -2147483648});
  expect_numbers<int64_t>(project, "i8", {0, -1, 0x010203, int64_t{1} << 40});
  expect_numbers<float>(project, "f4", {0, -1.5, 0.1f, 3e38f});
  expect_numbers<double>(project, "f8", {0, -1.5, 0.1, 1e30});
  expect_numbers<uint8_t>(project, "u1", {0, 1, 128, 255});
  const std::vector<uint16_t> halves = {0x3C00, 0xC000, 0x0001, 0x7BFF, 0x3555, 0x7C00, 0x83FF, 0x8000};
  for (const bool swapped : {false, true}) {
    const Result<Series> series =
        read_one(project, saved(swapped ? ">f2" : "<f2", false, "8", packed(halves, swapped)));
    ASSERT_TRUE(series.ok()) << series.error().message;
    const float tiny = std::ldexp(1.0f, -24);
    for (size_t i = 0;
         const float expected : {1.0f, -2.0f, tiny, 65504.0f, 1365 * tiny * 4096, NAN, -1023 * tiny, 0.0f}) {
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(series->values[i])) << i;  // infinite, as missing as elsewhere
      else
        EXPECT_EQ(series->values[i], expected) << i;
      ++i;
    }
  }
}

TEST(Npy, FortranOrder) {
  ProjectFolder project;
  const auto numbers = [&](const std::string& shape, const std::vector<int16_t>& values) {
    const Result<Series> series = read_one(project, saved("<i2", true, shape, packed(values, false)));
    EXPECT_TRUE(series.ok()) << series.error().message;
    return series.ok() ? series->values : std::vector<float>{};
  };
  EXPECT_THAT(numbers("3,", {1, 2, 3}), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers("3, 2", {1, 2, 3, 11, 12, 13}), ElementsAre(1, 11, 2, 12, 3, 13));
  // numpy.arange(12).reshape(2, 3, 2) in Fortran order
  EXPECT_THAT(numbers("2, 3, 2", {0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  // longer than the blocks in which columns are taken
  std::vector<int16_t> values;
  for (int c = 0; c < 2; ++c)
    for (int row = 0; row < 5000; ++row) values.push_back(static_cast<int16_t>(c * 10000 + row));
  const std::vector<float> found = numbers("5000, 2", values);
  ASSERT_EQ(found.size(), 10000u);
  for (size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], static_cast<float>(i % 2 * 10000 + i / 2));
}

TEST(Npy, TypesThatAreNoReadingsAreNamed) {
  ProjectFolder project;
  const auto error = [&](const std::string& descr, const std::string& shape, const std::string& bytes) {
    return read_one(project, saved(descr, false, shape, bytes)).error().message;
  };
  EXPECT_THAT(error("<c8", "1,", std::string(8, '\0')),
              AllOf(HasSubstr("data/a.npy: data type <c8"), HasSubstr(".astype('float32')")));
  EXPECT_THAT(error("<f16", "1,", std::string(16, '\0')), HasSubstr("data type <f16"));
  EXPECT_THAT(error("|O", "1,", "x"), HasSubstr("data type |O"));
  EXPECT_THAT(error("<u2", "3,", "12345"), HasSubstr("5 bytes of data, the header promises 6"));
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
