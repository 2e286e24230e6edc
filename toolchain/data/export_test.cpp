#include "toolchain/data/export.h"

#include <gmock/gmock.h>

#include <cstring>
#include <set>

#include "toolchain/base/files.h"
#include "toolchain/base/npy.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::HasSubstr;

// What was exported is read again: the same windows in the same parts.
TEST(Export, EdgeImpulseCsvComesBack) {
  ProjectFolder project;
  write_good_recordings(project);
  DataConfig config = recordings_config();
  config.full_scale[""] = 4;
  const Dataset dataset = load(config, project);
  const Result<Exported> exported = export_dataset(dataset, ExportFormat::edge_impulse, project.path() / "out");
  ASSERT_TRUE(exported.ok()) << exported.error().message;
  EXPECT_EQ(exported->files, 12);
  EXPECT_EQ(exported->windows, 60);
  EXPECT_TRUE(std::filesystem::exists(project.path() / "out/training/fast.r_0.1.csv") ||
              std::filesystem::exists(project.path() / "out/testing/fast.r_0.1.csv"));
  config.source = {"out/*/*.csv"};
  config.label = {"filename:^([^.]+)"};
  config.split.test.names = {"out/testing/*.csv"};
  const Dataset again = load(config, project);
  EXPECT_EQ(again.classes, dataset.classes);
  EXPECT_EQ(again.contract.rate_hz, dataset.contract.rate_hz);
  EXPECT_EQ(again.class_counts(again.test), dataset.class_counts(dataset.test));
  EXPECT_EQ(again.counts.size(), 60u * 20 * 2);
  std::multiset<std::vector<int16_t>> before, after;
  const auto collect = [](const Dataset& from, std::multiset<std::vector<int16_t>>& windows) {
    for (const DataWindow& window : from.test.windows) {
      const std::span<const int16_t> counts = from.window(window);
      windows.emplace(counts.begin(), counts.end());
    }
  };
  collect(dataset, before);
  collect(again, after);
  EXPECT_EQ(before, after);
  EXPECT_THAT(export_dataset(dataset, ExportFormat::npy, project.path() / "out").error().message,
              HasSubstr("exists already"));
}

TEST(Export, NpyHasTheWindows) {
  ProjectFolder project;
  write_good_recordings(project);
  const Dataset dataset = load(recordings_config(), project);
  ASSERT_TRUE(export_dataset(dataset, ExportFormat::npy, project.path() / "out").ok());
  const Result<NpyArray> array = read_npy(project.path() / "out/train_x.npy");
  ASSERT_TRUE(array.ok());
  EXPECT_EQ(array->shape, (std::vector<int64_t>{dataset.train.size(), 20, 2}));
  std::vector<float> window(40), exported(40);
  dataset.values(dataset.train.windows[3], window);
  std::memcpy(exported.data(), array->data.data() + 3 * 160, 160);
  EXPECT_EQ(window, exported);
  const std::string labels = read_text(project.path() / "out/train_labels.csv").value();
  EXPECT_THAT(labels, HasSubstr("index,label,group,recording\n0,fast,"));
  EXPECT_EQ(std::count(labels.begin(), labels.end(), '\n'), dataset.train.size() + 1);

  DataConfig table;
  table.source = {"t.csv"};
  table.label = {"column:open"};
  table.split.by = "random";
  std::string rows = "h,open\n";
  for (int i = 0; i < 40; ++i) rows += std::to_string(i % 7) + (i % 7 > 3 ? ",yes\n" : ",no\n");
  project.write("t.csv", rows);
  const Dataset row_per_example = load(table, project);
  EXPECT_THAT(export_dataset(row_per_example, ExportFormat::edge_impulse, project.path() / "rows").error().message,
              HasSubstr("export as npy"));
  EXPECT_FALSE(std::filesystem::exists(project.path() / "rows"));
  EXPECT_TRUE(export_dataset(row_per_example, ExportFormat::npy, project.path() / "rows").ok());
}

}  // namespace
}  // namespace mote
