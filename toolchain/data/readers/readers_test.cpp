#include <fmt/format.h>
#include <gmock/gmock.h>

#include "toolchain/base/json.h"
#include "toolchain/data/check.h"
#include "toolchain/data/testing.h"

namespace mote {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

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

TEST(Readers, AnotherUnitThanInTheFilesBeforeIsAWarning) {
  ProjectFolder project;
  project.write("data/a.csv", table("timestamp,gx [dps],gy [dps]"));
  project.write("data/b.csv", table("timestamp,gx [deg/s],gy"));  // the same, and not stated
  EXPECT_THAT(load(few_config(), project).notes, Not(Contains(HasSubstr("rad/s"))));
  project.write("data/c.csv", table("timestamp,gx [rad/s],gy [rad/s]"));
  project.write("data/d.csv", table("timestamp,gx [rad/s],gy [rad/s]"));
  DataConfig config = few_config();
  EXPECT_THAT(load(config, project).notes,
              Contains(AllOf(HasSubstr("data/c.csv: gx, gy in rad/s here, but in dps in the files before it"),
                             HasSubstr("units = { gx = \"...\" }"), HasSubstr("(and 1 more such files)"))));
  const Result<CheckReport> report = check_data(config, project.path(), {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(std::any_of(report->findings.begin(), report->findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::warning && finding.file == "data/c.csv" &&
           finding.what.starts_with("gx, gy in rad/s here");
  }));
  config.units = {{"gx", "dps"}};
  EXPECT_THAT(load(config, project).notes, Contains(HasSubstr("data/c.csv: gy in rad/s here")));
  config.units = {{"gx", "dps"}, {"gy", "dps"}};
  EXPECT_THAT(load(config, project).notes, Not(Contains(HasSubstr("rad/s"))));
}

TEST(Readers, TheFirstFileThatStatesAUnitSettlesIt) {
  ProjectFolder project;
  project.write("data/a.csv", table("timestamp,t1,t2"));
  project.write("data/b.csv", table("timestamp,t1 [C],t2"));
  project.write("data/c.csv", table("timestamp,t1 [F],t2"));
  EXPECT_THAT(load(few_config(), project).notes,
              Contains(HasSubstr("data/c.csv: t1 in F here, but in C in the files before it")));
}

TEST(Readers, UnitsOfEdgeImpulseAreComparedToo) {
  ProjectFolder project;
  for (const char* unit : {"g", "m/s2", "m/s\xC2\xB2"}) {
    Json json = Json::parse(R"({"protected": {"alg": "none"}, "signature": "0", "payload": {"interval_ms": 10}})");
    json["payload"]["sensors"] = Json::array({{{"name", "accX"}, {"units", unit}}});
    for (int i = 0; i < 20; ++i) json["payload"]["values"].push_back({i % 7});
    project.write(fmt::format("data/{}.json", std::string(unit).size()), json.dump());
  }
  EXPECT_THAT(load(few_config(), project).notes,
              Contains(HasSubstr("data/4.json: accX in m/s2 here, but in g in the files before it")));
  std::filesystem::remove(project.path() / "data/1.json");
  EXPECT_THAT(load(few_config(), project).notes, Not(Contains(HasSubstr("in the files before"))));
}

TEST(Readers, WhatIsNoRecordingIsNamedWhateverItsName) {
  struct Foreign {
    std::string bytes;
    const char* name;
  };
  const Foreign all[] = {{std::string("PK\x03\x04\x14\x00\x00\x00", 8), "it is a ZIP archive (or an Excel workbook)"},
                         {std::string("\x1F\x8B\x08\x00\x00", 5), "it is a gzip archive"},
                         {std::string("FORM\x00\x00\x10\x00"
                                      "AIFFCOMM",
                                      16),
                          "it is AIFF audio"},
                         {std::string(".snd\x00\x00\x00\x18", 8), "it is AU audio"},
                         {std::string("ID3\x03\x00\x00", 6), "it is MP3 audio"},
                         {std::string("RIFF\x24\x00\x00\x00WEBPVP8 ", 16), "it is a WebP image"},
                         {std::string("GIF89a\x10\x00\x10\x00", 10), "it is a GIF image"},
                         {"<!DOCTYPE html>\n<html>\n", "it is an HTML page"},
                         {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is a Git LFS pointer"}};
  for (const auto& [bytes, name] : all)
    for (const char* file : {"data/x.dat", "data/x", "data/x.csv"}) {
      ProjectFolder project;
      project.write(file, bytes);
      const std::string error = load_error(few_config(), project);
      EXPECT_THAT(error, AllOf(HasSubstr(file), HasSubstr(name), Not(HasSubstr("UTF-8"))));
    }
}

// Archives are told apart from tables whose first name merely begins as one.
TEST(Readers, TablesThatBeginAsSomethingElseAreRead) {
  for (const char* name : {"FORM", "ID3", "BZh", "GIF8", ".snd", "ax"}) {
    ProjectFolder project;
    project.write("data/x.dat", table(fmt::format("{},AVI ,b", name)));
    project.write("data/y.csv", table(fmt::format("{},ftyp,b", name)));
    DataConfig config = few_config();
    config.time = "none";
    config.channels = {"b"};
    EXPECT_EQ(load(config, project).recordings.size(), 2u) << name;
  }
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
