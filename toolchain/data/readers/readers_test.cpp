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
  EXPECT_THAT(error("\n" + above + "timestamp\n1\n2\n", {}), HasSubstr("data/f.csv:4: no column of numbers is left"));
}

TEST(Readers, ACellThatIsNoNumberIsNamedEvenIfNoColumnHasNumbers) {
  ProjectFolder project;
  project.write("data/f.csv", "timestamp;ax;ay\n0;-3.091,95;1.002,50\n10;-3.091,95;1.002,50\n");
  EXPECT_THAT(load_error(few_config(), project),
              AllOf(HasSubstr("data/f.csv:2: column 2 'ax': found '-3.091,95', expected a number"),
                    HasSubstr("if the header stands further down, delete the lines above it")));
}

}  // namespace
}  // namespace mote
