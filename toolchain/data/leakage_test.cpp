#include "toolchain/data/leakage.h"

#include <gmock/gmock.h>

#include <cmath>

#include "toolchain/data/testing.h"

namespace mote {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

Dataset load(DataConfig config, const ProjectFolder& project, const std::string& by) {
  config.split.by = by;
  Result<Dataset> dataset = load_dataset(config, project.path(), {});
  EXPECT_TRUE(dataset.ok()) << dataset.error().message;
  return dataset.ok() ? std::move(dataset).value() : Dataset{};
}

TEST(Leakage, OfARandomSplitAndNoneByFile) {
  ProjectFolder project;
  write_good_recordings(project);
  DataConfig config = recordings_config();
  EXPECT_FALSE(leakage_warning(load(config, project, "file")).has_value());
  EXPECT_EQ(leakage(load(config, project, "file")).shared, 0);

  // Windows that lie side by side share a recording and no reading.
  const Dataset apart = load(config, project, "random");
  EXPECT_GT(leakage(apart).shared, 0);
  EXPECT_EQ(leakage(apart).overlapping, 0);
  EXPECT_THAT(apart.notes, Contains(HasSubstr("split by random: ")));

  config.stride = TimeSpan{0.05, false};
  const Dataset blocks = load(config, project, "random");
  EXPECT_GT(leakage(blocks).shared, 0);
  EXPECT_EQ(leakage(blocks).overlapping, 0);
  EXPECT_THAT(blocks.notes, Contains(HasSubstr("windows that share readings with a window of another part")));

  config.split.overlaps = true;
  const Dataset overlapping = load(config, project, "random");
  const Leakage found = leakage(overlapping);
  EXPECT_EQ(found.test_windows, overlapping.test.size());
  // Counted pair by pair.
  int64_t expected = 0;
  for (const DataWindow& test : overlapping.test.windows) {
    bool shares = false;
    for (const DataWindow& train : overlapping.train.windows)
      shares |= train.recording == test.recording && std::abs(train.offset - test.offset) < 20;
    expected += shares;
  }
  EXPECT_GT(expected, 0);
  EXPECT_EQ(found.overlapping, expected);
  EXPECT_THAT(*leakage_warning(overlapping), AllOf(HasSubstr("readings in common"), HasSubstr("by person")));
}

TEST(Leakage, OfRecordingsThatAreCutInTime) {
  ProjectFolder project;
  for (const char* name : {"slow", "fast"})
    project.record(std::string("recordings/") + name + "/r.csv", 400, 100,
                   [&](int i) { return std::sin(i * (*name == 's' ? 0.1 : 0.9)); });
  const Dataset dataset = load(recordings_config(), project, "time");
  EXPECT_EQ(leakage(dataset).shared, 2);
  EXPECT_THAT(dataset.notes, Contains(HasSubstr("split by time: 2 of 2 recordings")));
}

}  // namespace
}  // namespace mote
