#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "toolchain/report/chart.h"
#include "toolchain/report/format.h"
#include "toolchain/report/html_report.h"
#include "toolchain/report/metric_names.h"
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
    return {id,
            "2025-03-01T14:05:09Z",
            fingerprint,
            "data",
            "code",
            "[project]\n",
            Json{{"run", id}, {"name", "µ 'quoted'"}}};
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

// A file as mote wrote it before it recorded its code.
TEST_F(Runs, FilesOfEarlierVersionsAreBroughtUpToDate) {
  std::filesystem::create_directories(folder_);
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ / "runs.db").c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(
      sqlite3_exec(handle,
                   "CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, fingerprint TEXT "
                   "NOT NULL, data_fingerprint TEXT NOT NULL, config TEXT NOT NULL, metrics TEXT NOT NULL);"
                   "CREATE TABLE numbers (last INTEGER NOT NULL);"
                   "INSERT INTO numbers VALUES (4);"
                   "INSERT INTO runs VALUES (4, '2025-01-01T00:00:00Z', 'old', 'data', '[x]', '{\"run\":4}');",
                   nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(handle);
  for (int open = 0; open < 2; ++open) {
    Result<RunsDatabase> database = RunsDatabase::open(folder_ / "runs.db");
    ASSERT_TRUE(database.ok()) << database.error().message;
    const auto old = database->find(4);
    ASSERT_TRUE(old.ok() && old.value().has_value());
    EXPECT_EQ((*old)->config, "[x]");
    EXPECT_EQ((*old)->code_fingerprint, "");
    if (open > 0) continue;
    EXPECT_EQ(database->next_id().value(), 5);
    ASSERT_TRUE(database->insert(record(5, "new")).ok());
  }
  EXPECT_EQ(RunsDatabase::open(folder_ / "runs.db")->find(5).value()->code_fingerprint, "code");
}

TEST_F(Runs, FilesOfLaterVersionsAreRefused) {
  ASSERT_TRUE(RunsDatabase::open(folder_ / "runs.db").ok());
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ / "runs.db").c_str(), &handle), SQLITE_OK);
  sqlite3_exec(handle, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  EXPECT_THAT(RunsDatabase::open(folder_ / "runs.db").error().message, HasSubstr("written by a later mote"));
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

// Quantiles of the normal distribution as tables have them.
TEST(Chart, NormalDeviates) {
  for (const auto& [p, z] : {std::pair{0.5, 0.0},
                             {0.975, 1.959963984540054},
                             {0.01, -2.326347874040841},
                             {0.001, -3.090232306167813},
                             {0.9, 1.2815515655446004}})
    EXPECT_NEAR(normal_deviate(p), z, 1e-9) << p;
}

// The y of the first point of a chart's only curve, from its path.
double first_y(const std::string& chart) {
  const size_t path = chart.find("<path d=\"M");
  return std::stod(chart.substr(chart.find(' ', path + 10)));
}

TEST(Chart, CurvesOfErrorRates) {
  const RateCurve curve = {"<idle>", {0, 0.1, 1}, {0, 0.9, 1}};
  const std::string roc = roc_chart({curve}), det = det_chart({curve});
  for (const std::string& chart : {roc, det}) {
    EXPECT_THAT(chart, HasSubstr("&lt;idle&gt;"));
    EXPECT_THAT(chart, Not(HasSubstr("nan")));
    EXPECT_THAT(chart, Not(HasSubstr("inf")));
  }
  EXPECT_DOUBLE_EQ(first_y(roc), 264);  // no hits: at the bottom
  EXPECT_DOUBLE_EQ(first_y(det), 24);   // all missed, beyond the axis: at its top
}

TEST(MetricNames, TextAndDirection) {
  EXPECT_TRUE(find_metric("accuracy")->higher_is_better);
  EXPECT_FALSE(find_metric("rmse")->higher_is_better);
  EXPECT_EQ(find_metric("acuracy"), nullptr);
  EXPECT_STREQ(metrics_of_task("anomaly")[0].name, "auc");
  const Json part = {{"accuracy", 0.5}, {"ci95", {0.25, 0.75}}, {"auc", nullptr}, {"r2", 0.9}};
  EXPECT_EQ(metric_text(*find_metric("accuracy"), part, true), "50.0 % (25.0 - 75.0)");
  EXPECT_EQ(metric_text(*find_metric("auc"), part, true), "-");
  EXPECT_EQ(metric_text(*find_metric("r2"), part, true), "0.9");
  EXPECT_EQ(metric_text(*find_metric("mae"), part, true), "-");
}

TEST(HtmlReport, RunWithTheLeastThatARunHas) {
  const Json metrics = {{"name", "<x>"},
                        {"task", "regression"},
                        {"int8", {{"test", {{"count", 4}, {"mae", 0.5}, {"mae_ci95", {0.4, 0.6}}}}}},
                        {"verdict", {{"goal_met", false}, {"within_budget", true}, {"short_of", {"mae 0.5"}}}}};
  const std::string page = html_report(metrics, {{"flash", 10, 20, "10 B", "20 B", true}});
  EXPECT_THAT(page, HasSubstr("Short of the goal, within budget."));
  EXPECT_THAT(page, HasSubstr("<h1>&lt;x&gt;</h1>"));
  EXPECT_THAT(page, HasSubstr("50.0 %"));
  for (const char* outside : {"http:", "https:", "<script", "<link", "@import"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
}

TEST(HtmlReport, EachOfSeveralTargets) {
  const auto target = [](const char* name, double mae) { return Json{{"name", name}, {"mae", mae}, {"r2", nullptr}}; };
  const Json part = {{"count", 4}, {"mae", 0.5}, {"targets", {target("flow", 123), target("<t>", 0.5)}}};
  const Json metrics = {{"task", "regression"},
                        {"int8", {{"test", part}}},
                        {"verdict", {{"goal_met", true}, {"within_budget", true}, {"short_of", Json::array()}}}};
  const std::string page = html_report(metrics, {});
  for (const char* text : {"<td>flow</td><td>mae</td><td></td><td>123</td>", "<td>&lt;t&gt;</td><td>r2</td>"})
    EXPECT_THAT(page, HasSubstr(text));
}

TEST(HtmlReport, ConditionsThresholdsAndCurves) {
  const Json share = {{"count", 1}, {"of", 40}, {"rate", 0.025}, {"ci95", {0.004, 0.13}}};
  const Json none = {{"count", 0}, {"of", 0}, {"rate", nullptr}, {"ci95", {0, 1}}};
  const Json thresholds = {
      {"false_accepts", share},
      {"false_rejects", share},
      {"classes", {{{"name", "a"}, {"threshold", 0.7}, {"false_accepts", share}, {"false_rejects", none}}}}};
  const Json curve = {{"name", "a"}, {"false_positives", {0, 1}}, {"true_positives", {0, 1}}};
  const Json part = {{"count", 40}, {"accuracy", 0.9}, {"thresholds", thresholds}, {"curves", {curve}}};
  const Json condition = {
      {"name", "<loud>"},           {"noise", "white"}, {"snr_db", 5}, {"part", "test"}, {"goal", {{"accuracy", 0.75}}},
      {"int8", {{"accuracy", 0.5}}}};
  const Json metrics = {{"task", "classification"},
                        {"int8", {{"test", part}}},
                        {"conditions", {condition}},
                        {"verdict", {{"goal_met", true}, {"within_budget", true}, {"short_of", Json::array()}}}};
  const std::string page = html_report(metrics, {});
  for (const char* text :
       {"&lt;loud&gt;", "75.0 %", "50.0 %", "2.5 % of 40", "- of 0", "receiver operating", "detection error trade-off"})
    EXPECT_THAT(page, HasSubstr(text));
}

TEST(HtmlReport, Events) {
  const Json share = {{"count", 3}, {"of", 4}, {"rate", 0.75}, {"ci95", {0.3, 0.95}}};
  const Json one = {{"name", "<wave>"},     {"events", 4}, {"detected", share},     {"right", 6},
                    {"latency_s", nullptr}, {"false", 1},  {"false_per_hour", 2.5}, {"false_per_hour_ci95", {0.1, 14}}};
  const Json decision = {{"rule", {{"smoothing", 2}, {"debounce", 3}, {"refractory_s", 0.5}}},
                         {"hours", 0.4},
                         {"too_short", 1},
                         {"all", one},
                         {"labels", {one}}};
  const Json metrics = {{"task", "classification"},
                        {"int8", {{"test", {{"count", 4}, {"accuracy", 0.9}, {"decision", decision}}}}},
                        {"verdict", {{"goal_met", true}, {"within_budget", true}, {"short_of", Json::array()}}}};
  const std::string page = html_report(metrics, {});
  for (const char* text : {"24.0 min", "smoothing 2, debounce 3, 500 ms", "&lt;wave&gt;", "75.0 % (30.0 - 95.0) of 4",
                           "2.5 (0.1 - 14)", "1 of the 4 events"})
    EXPECT_THAT(page, HasSubstr(text));
}

}  // namespace
}  // namespace mote
