#include <fmt/format.h>
#include <gmock/gmock.h>

#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Anomaly detection needs no label.
DataConfig few_config() {
  DataConfig config;
  config.task = DataTask::anomaly;
  config.source = {"data/*"};
  config.rate = 100;
  config.window = TimeSpan{5, true};
  config.split.by = "file";
  config.split.test.fraction = config.split.validation.fraction = 0;
  return config;
}

std::string table(const std::string& header) {
  std::string text = header + "\n";
  for (int i = 0; i < 20; ++i) text += fmt::format("{},{},{}\n", 10 * i, i % 7, 0.5 * (i % 5));
  return text;
}

TEST(Readers, FaultsOfAHeaderNameItsLine) {
  const auto error = [](const std::string& text, const std::vector<std::string>& channels) {
    ProjectFolder project;
    project.write("data/f.csv", text);
    DataConfig config = few_config();
    config.channels = channels;
    return load_error(config, project);
  };
  const std::string above = "# logger 3\n# v1\n";
  EXPECT_THAT(error(above + table("timestamp,ax,ay"), {"az"}), HasSubstr("data/f.csv:3: no column 'az'"));
  EXPECT_THAT(error(above + table("timestamp,ax,ax"), {"ax"}), HasSubstr("data/f.csv:3: the header has the column"));
}

}  // namespace
}  // namespace mote
