#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "toolchain/report/chart.h"
#include "toolchain/report/format.h"
#include "toolchain/report/html_report.h"
#include "toolchain/report/runs_database.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Format, UnitsAndDigits) {
  EXPECT_EQ(format_bytes(412), "412 B");
  EXPECT_EQ(format_bytes(64 * 1024), "64 KiB");
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_seconds(0.00131), "1.31 ms");
  EXPECT_EQ(format_seconds(0.00099999), "1 ms");  // rounds into the larger unit
  EXPECT_EQ(format_watts(49.52e-6), "49.5 uW");
  EXPECT_EQ(format_count(-1234567), "-1,234,567");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_number(std::nan("")), "-");
  EXPECT_EQ(format_number(-0.0000001), "-1e-07");
  EXPECT_EQ(format_percent(0.9731), "97.3 %");
}

TEST(Table, ColumnsLineUpWithWideCharacters) {
  Table table({"name", "value"}, {Align::left, Align::right});
  table.row({"µ", "1"});
  table.row({"long name", "1,000"});
  EXPECT_EQ(table.text(0), "name       value\nµ              1\nlong name  1,000\n");
}

TEST(Table, BarIsFilledInEighths) {
  EXPECT_EQ(bar(0.5, 4), "██  ");
  EXPECT_EQ(bar(1.0 / 32, 4), "▏   ");
  EXPECT_EQ(bar(7, 2), "██");
  EXPECT_EQ(bar(std::nan(""), 2), "  ");
}

class Runs : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("mote-runs-test-" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  RunRecord record(int64_t id, const std::string& fingerprint) {
    return {id, "2025-03-01T14:05:09Z", fingerprint, "data", "[project]\n", Json{{"run", id}, {"name", "µ 'quoted'"}}};
  }
  std::filesystem::path folder_;
};

TEST_F(Runs, WhatIsWrittenIsReadAfterReopening) {
  {
    Result<RunsDatabase> database = RunsDatabase::open(folder_ / "runs.db");
    ASSERT_TRUE(database.ok()) << database.error().message;
    EXPECT_FALSE(database->newest().value().has_value());
    EXPECT_EQ(database->next_id().value(), 1);
    ASSERT_TRUE(database->insert(record(1, "a")).ok());
    EXPECT_EQ(database->next_id().value(), 2);
    EXPECT_EQ(database->next_id().value(), 3);  // 2 was given away and is not used again
    ASSERT_TRUE(database->insert(record(3, "b")).ok());
    EXPECT_FALSE(database->insert(record(3, "b")).ok());
  }
  Result<RunsDatabase> database = RunsDatabase::open(folder_ / "runs.db");
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(database->all().value().size(), 2u);
  EXPECT_EQ(database->newest().value()->id, 3);
  EXPECT_EQ(database->newest_with("a").value()->metrics["name"], "µ 'quoted'");
  EXPECT_EQ(database->find(1).value()->config, "[project]\n");
  EXPECT_FALSE(database->find(2).value().has_value());
}

TEST_F(Runs, NotADatabase) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "runs.db") << std::string(4096, 'x');
  const Result<RunsDatabase> database = RunsDatabase::open(folder_ / "runs.db");
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().kind, Error::Kind::input);
  EXPECT_THAT(database.error().message, HasSubstr("runs.db"));
}

TEST(Chart, NamesAreEscapedAndOddValuesLeaveGaps) {
  const std::string chart = line_chart("<loss>", {{"a&b", {1, std::nan(""), 3}}}, 2);
  EXPECT_THAT(chart, HasSubstr("&lt;loss&gt;"));
  EXPECT_THAT(chart, HasSubstr("a&amp;b"));
  EXPECT_THAT(chart, Not(HasSubstr("nan")));
  EXPECT_THAT(line_chart("empty", {}, 0), HasSubstr("</svg>"));
  EXPECT_EQ(arena_chart({}, {}, 0), "");
}

TEST(HtmlReport, RunWithTheLeastThatARunHas) {
  const Json metrics = {{"name", "<x>"},
                        {"int8", {{"test", {{"count", 4}, {"mae", 0.5}, {"mae_ci95", {0.4, 0.6}}}}}},
                        {"verdict", {{"goal_met", false}, {"within_budget", true}, {"short_of", {"mae 0.5"}}}}};
  const std::string page = html_report(metrics, {{"flash", 10, 20, "10 B", "20 B", true}});
  EXPECT_THAT(page, HasSubstr("Short of the goal, within budget."));
  EXPECT_THAT(page, HasSubstr("<h1>&lt;x&gt;</h1>"));
  EXPECT_THAT(page, HasSubstr("50.0 %"));
  for (const char* outside : {"http:", "https:", "<script", "<link", "@import"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
}

}  // namespace
}  // namespace mote
