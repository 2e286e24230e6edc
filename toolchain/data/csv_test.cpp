#include "toolchain/data/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "toolchain/data/text.h"
#include "toolchain/data/time_stamp.h"

namespace mote {
namespace {

using testing::HasSubstr;

// All columns as numbers, or the error.
Result<std::vector<std::vector<double>>> numbers(const std::string& text) {
  MOTE_TRY(CsvFile file, CsvFile::parse("a.csv", text));
  std::vector<CsvColumn> columns(file.header().size());
  for (size_t i = 0; i < columns.size(); ++i) columns[i].index = static_cast<int32_t>(i);
  MOTE_TRY(const int64_t rows, file.read(columns));
  std::vector<std::vector<double>> values;
  for (const CsvColumn& column : columns) {
    EXPECT_EQ(static_cast<int64_t>(column.numbers.size()), rows);
    values.push_back(column.numbers);
  }
  return values;
}

using Table = std::vector<std::vector<double>>;

TEST(Csv, FormsOfOneTable) {
  const Table expected = {{1, 2}, {0.5, -3e-2}};
  for (const char* text :
       {"a,b\n1,0.5\n2,-0.03\n", "a,b\r\n1,0.5\r\n2,-3e-2\r\n",
        "\xEF\xBB\xBF"
        "a,b\n1,.5\n2,-.03",
        "a;b\n1;0,5\n2;-0,03\n", "a\tb\n1\t0,5\n2\t-0,03\n", "a b\n1 0.5\n2  -0.03\n", "a|b\n1|0.5\n2|-0.03\n",
        "a,b,\n1,0.5,\n2,-0.03,\n", "a,b\n1,0.5,\n2,-0.03,\n", "\"a\",\"b\"\n\"1\",\"0.5\"\n\"2\",\"-0.03\"\n",
        "a,b\n1,\"0,5\"\n2,\"-0,03\"\n", "sep=;\r\na;b\r\n1;0,5\r\n2;-0,03\r\n",
        "# logger v2\n\na,b\n\n1,0.5\n\n2,-0.03\n\n", " a , b \n 1 , 0.5 \n +2 , -0.03 \n"}) {
    const auto table = numbers(text);
    ASSERT_TRUE(table.ok()) << text << table.error().message;
    EXPECT_EQ(*table, expected) << text;
  }
}

TEST(Csv, MissingCellsAreNaN) {
  const auto table = numbers("a,b\n1,\n2,nan\n3,NA\n4,inf\n5,null\n6,-\n");
  ASSERT_TRUE(table.ok());
  for (const double value : (*table)[1]) EXPECT_TRUE(std::isnan(value));
}

TEST(Csv, LinesAreThoseOfTheFile) {
  Result<CsvFile> file = CsvFile::parse("a.csv", "# x\na,b\n1,\"two\nlines\"\n\n3,c\n4,d\n");
  ASSERT_TRUE(file.ok());
  std::vector<CsvColumn> columns(1);
  columns[0].index = 1;
  columns[0].kind = CsvColumn::Kind::text;
  ASSERT_EQ(*file->read(columns), 3);
  EXPECT_EQ(columns[0].text(0), "two\nlines");
  EXPECT_EQ(file->line(0), 3);
  EXPECT_EQ(file->line(1), 6);
  EXPECT_EQ(file->line(2), 7);
}

TEST(Csv, LinesThatBeginWithHashAreLeftOut) {
  const Table expected = {{1, 2}, {0.5, -0.03}};
  for (const char* text : {"a,b\n# started\n1,0.5\n2,-0.03\n", "a,b\n1,0.5\n# paused, \"low\n  # resumed\n2,-0.03\n",
                           "a,b\n1,0.5\n2,-0.03\n# session stopped", "a,b\n1,0.5\n#9,9\n2,-0.03\n",
                           "a;b\n#\n1;0,5\n2;-0,03\n#;;;\n", "a b\n1 0.5\n2 -0.03\n# session stopped\n"}) {
    const auto table = numbers(text);
    ASSERT_TRUE(table.ok()) << text << table.error().message;
    EXPECT_EQ(*table, expected) << text;
  }
  EXPECT_THAT(numbers("a,b\n# stopped\n").error().message, HasSubstr("only a header line"));
  EXPECT_THAT(numbers("a,b\n1,2\n# stopped\n3,x\n").error().message, HasSubstr("a.csv:4: column 2 'b'"));
}

// No reading is lost because its name begins with #.
TEST(Csv, NamesMayBeginWithHash) {
  Result<CsvFile> file = CsvFile::parse("a.csv", "id,a\n#1,5\n# turned\n#2,6\n");
  ASSERT_TRUE(file.ok()) << file.error().message;
  std::vector<CsvColumn> columns(2);
  columns[0].index = 0;
  columns[0].kind = CsvColumn::Kind::text;
  columns[1].index = 1;
  ASSERT_EQ(*file->read(columns), 2);
  EXPECT_EQ(columns[0].text(1), "#2");
  EXPECT_EQ(columns[1].numbers[1], 6);
  EXPECT_EQ(file->line(1), 4);
}

struct Broken {
  const char* text;
  const char* message;
};

TEST(Csv, EveryFaultIsNamed) {
  const Broken cases[] = {
      {"", "a.csv: the file is empty"},
      {"\n\n", "no header line"},
      {"a,b\n", "only a header line"},
      {"a,b\r1,2\r", "the lines end with CR alone"},
      {"Logger 3;v1\na;b\n1;2\n", "if the header stands further down, delete the lines above it"},
      {"1,2\n3,4\n", "a.csv:1: the first line holds values (1, 2)"},
      {"2024-01-01 10:00:00,2\n", "the first line holds values"},
      {"a,b\n1,2\n3\n", "a.csv:3: the row has 1 cell, the header has 2"},
      {"a,b\n1,2,3\n", "a.csv:2: the row has 3 cells, the header has 2"},
      {"a,b\n1,2\n3", "The file ends inside this row"},
      {"a,b\n1,2\n3,four\n", "a.csv:3: column 2 'b': found 'four', expected a number"},
      {"a,b\n1,2\n3,1e999\n", "a.csv:3: column 2 'b': found '1e999'"},
      {"a,b\n1,0x10\n", "found '0x10'"},
      {"a,b\n1,\"2\n", "a.csv:2: a quote (\") is opened and never closed"},
      {"a,b\n1,2\n\xE9,2\n", "a.csv:3: byte 0xE9 is not UTF-8"},
      {"a,b\n1,2\xC0\xAF\n", "not UTF-8"},
      {"\xFF\xFE"
       "a\0b\0",
       "UTF-16"},
  };
  for (const auto& [text, message] : cases) {
    const auto table = numbers(text);
    ASSERT_FALSE(table.ok()) << text;
    EXPECT_THAT(table.error().message, HasSubstr(message));
    EXPECT_EQ(table.error().kind, Error::Kind::input);
  }
  EXPECT_THAT(numbers(std::string("a,b\n1,2\n\0\0,1\n", 13)).error().message, HasSubstr("binary"));
}

// Every truncation and every changed byte of a good file is read or refused, never more.
TEST(Csv, DamagedFilesNeverCrash) {
  const std::string good = "time [ms];\"a x\";b\n0;0,25;\"n\"\"1\"\n10;-1,5e-3;n2\n20;7;\n";
  for (size_t cut = 0; cut <= good.size(); ++cut) (void)numbers(good.substr(0, cut)).ok();
  for (size_t i = 0; i < good.size(); ++i)
    for (int byte = 0; byte < 256; byte += 1) {
      std::string damaged = good;
      damaged[i] = static_cast<char>(byte);
      (void)numbers(damaged).ok();
    }
}

TEST(Csv, UnitsOfHeaders) {
  EXPECT_EQ(split_unit("ax [g]").name, "ax");
  EXPECT_EQ(split_unit("ax [g]").unit, "g");
  EXPECT_EQ(split_unit("Temperature (C)").unit, "C");
  EXPECT_EQ(split_unit("plain").unit, "");
  EXPECT_EQ(split_unit("[x]").name, "[x]");
}

TEST(TimeStamp, Forms) {
  const double base = 1423072260;  // 2015-02-04 17:51:00 UTC
  for (const char* text : {"2015-02-04 17:51:00", "2015-02-04T17:51:00Z", "2015/02/04 17:51", "04.02.2015 17:51:00",
                           "20150204T175100", "2015-02-04T18:51:00+01:00", "2015-02-04 12:21:00 -0530"}) {
    ASSERT_TRUE(parse_date_time(text).has_value()) << text;
    EXPECT_DOUBLE_EQ(*parse_date_time(text), base) << text;
  }
  EXPECT_DOUBLE_EQ(*parse_date_time("2015-02-04 17:51:00.250"), base + 0.25);
  EXPECT_DOUBLE_EQ(*parse_date_time("1970-01-02"), 86400);
  EXPECT_DOUBLE_EQ(*parse_date_time("00:01:30.5"), 90.5);
  EXPECT_DOUBLE_EQ(*parse_date_time("2024-03-01") - *parse_date_time("2024-02-28"), 2 * 86400);
  for (const char* text : {"", "x", "2015-13-01", "2015-02-04 25:00:00", "2015-02-04 17:51:00 soon", "12", "1.5"})
    EXPECT_FALSE(parse_date_time(text).has_value()) << text;
}

TEST(Text, NaturalOrderAndGlobs) {
  EXPECT_TRUE(natural_less("r_2.csv", "r_10.csv"));
  EXPECT_FALSE(natural_less("r_10.csv", "r_2.csv"));
  EXPECT_FALSE(natural_less("a", "a"));
  EXPECT_TRUE(glob_matches("test/*/*.csv", "test/a/b.csv"));
  EXPECT_FALSE(glob_matches("test/*.csv", "test/a/b.csv"));
  EXPECT_TRUE(glob_matches("**/x_?.csv", "a/b/x_1.csv"));
  EXPECT_TRUE(glob_matches("**/x.csv", "x.csv"));
}

}  // namespace
}  // namespace mote
