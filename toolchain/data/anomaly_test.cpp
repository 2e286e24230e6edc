// Anomaly detection: nothing abnormal is learned from.
#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "toolchain/data/testing.h"

namespace mote {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

DataConfig anomaly_config(const std::string& by) {
  DataConfig config = recordings_config();
  config.task = DataTask::anomaly;
  config.normal = {"good"};
  config.split.by = by;
  return config;
}

void write_machine(const ProjectFolder& project) {
  for (int file = 0; file < 8; ++file)
    project.record("recordings/good/r_" + std::to_string(file) + ".csv", 100, 100,
                   [&](int i) { return std::sin(i * 0.3 + file); });
  for (const char* fault : {"ball", "race"})
    project.record(std::string("recordings/") + fault + "/r.csv", 100, 100,
                   [&](int i) { return std::sin(i * 1.3) + (*fault == 'b' ? 1 : 2); });
}

int64_t anomalies(const Dataset& dataset, const DataPart& part) {
  int64_t count = 0;
  for (const DataWindow& window : part.windows) count += dataset.normal[static_cast<size_t>(window.label)] == 0;
  return count;
}

TEST(Anomaly, WhatIsNotNormalIsForTheTest) {
  ProjectFolder project;
  write_machine(project);
  for (const char* by : {"file", "random", "time"}) {
    const Result<Dataset> dataset = load_dataset(anomaly_config(by), project.path(), {});
    ASSERT_TRUE(dataset.ok()) << dataset.error().message;
    EXPECT_THAT(dataset->classes, ElementsAre("ball", "good", "race"));
    EXPECT_THAT(dataset->normal, ElementsAre(0, 1, 0));
    EXPECT_EQ(anomalies(*dataset, dataset->train), 0) << by;
    EXPECT_EQ(anomalies(*dataset, dataset->validation), 0) << by;
    EXPECT_EQ(anomalies(*dataset, dataset->test), 10) << by;
    EXPECT_GT(dataset->test.size(), 10) << by;
    EXPECT_GT(dataset->validation.size(), 0) << by;
  }
}

// One file of a plant holds good and bad hours: the bad ones of a file that is learned from are left out.
TEST(Anomaly, MixedRecordings) {
  ProjectFolder project;
  for (int file = 0; file < 6; ++file) {
    std::string text = "timestamp,ax,state\n";
    for (int i = 0; i < 200; ++i)
      text += std::to_string(i * 10) + "," + std::to_string(std::sin(i * 0.3 + file)) + (i < 120 ? ",0\n" : ",1\n");
    project.write("recordings/a/r_" + std::to_string(file) + ".csv", text);
  }
  DataConfig config = anomaly_config("file");
  config.label = {"column:state"};
  config.normal = {"0"};
  const Result<Dataset> dataset = load_dataset(config, project.path(), {});
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_EQ(anomalies(*dataset, dataset->train), 0);
  EXPECT_EQ(anomalies(*dataset, dataset->validation), 0);
  EXPECT_GT(anomalies(*dataset, dataset->test), 0);
  EXPECT_THAT(dataset->notes, Contains(HasSubstr("anomalous windows in the training and validation parts left out")));
  std::set<int32_t> learned, tested;
  for (const DataWindow& window : dataset->train.windows) learned.insert(window.group);
  for (const DataWindow& window : dataset->test.windows) tested.insert(window.group);
  for (const int32_t group : tested)
    EXPECT_FALSE(learned.contains(group)) << dataset->groups[static_cast<size_t>(group)];
}

TEST(Anomaly, WithoutLabelsEverythingIsNormal) {
  ProjectFolder project;
  write_machine(project);
  DataConfig config = anomaly_config("file");
  config.label.clear();
  config.normal = {"normal"};
  const Result<Dataset> dataset = load_dataset(config, project.path(), {});
  ASSERT_TRUE(dataset.ok()) << dataset.error().message;
  EXPECT_THAT(dataset->normal, ElementsAre(1));
  EXPECT_EQ(anomalies(*dataset, dataset->test), 0);
}

TEST(Anomaly, AnUnknownNormalLabelIsNamed) {
  ProjectFolder project;
  write_machine(project);
  DataConfig config = anomaly_config("file");
  config.normal = {"god"};
  EXPECT_THAT(load_error(config, project),
              HasSubstr("data.normal = \"god\": no recording has this label; labels: ball, "
                        "good, race. Did you mean 'good'?"));
}

}  // namespace
}  // namespace mote
