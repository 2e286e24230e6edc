// CSV as loggers, spreadsheets and scripts write it: a header line, then rows. Delimiter (, ; tab | space) and decimal
// comma are detected; quotes, CRLF, a byte-order mark, blank lines, lines that begin with # and a trailing delimiter
// are accepted.
#pragma once
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

// Row `row` stands in line `line`, and so on line by line up to the row of the next run.
struct LineRun {
  int64_t row = 0, line = 0;
};
// The line of a row; 0 = no runs. Runs are in the order of rows; the first begins at row 0.
int64_t line_of(const std::vector<LineRun>& runs, int64_t row);

struct CsvColumn {
  enum class Kind { number, text };
  int32_t index = 0;  // in the header
  Kind kind = Kind::number;
  std::vector<double> numbers;          // NaN = missing: empty cell, nan, NA, null, none, inf
  std::vector<int32_t> texts;           // index in `dictionary`
  std::vector<std::string> dictionary;  // each text once: trimmed, without quotes. Doubled quotes stay doubled

  const std::string& text(int64_t row) const {
    return dictionary[static_cast<size_t>(texts[static_cast<size_t>(row)])];
  }
  void add_text(std::string_view text);
  size_t rows() const { return kind == Kind::number ? numbers.size() : texts.size(); }
  // Drops the rows from `rows` on; texts that were seen stay known.
  void cut(size_t rows) { kind == Kind::number ? numbers.resize(rows) : texts.resize(rows); }

 private:
  std::unordered_map<std::string, int32_t> known_;
};

// Reads in pieces of about a megabyte, so that a file of any size takes no more memory than what is kept of it.
class CsvFile {
 public:
  // `name` is what messages call the file. Errors: empty, not UTF-8, binary, no header line, no rows.
  static Result<CsvFile> open(std::string name, const std::filesystem::path& path);
  static Result<CsvFile> parse(std::string name, std::string_view bytes);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& header() const { return header_; }  // trimmed
  // Appends the next rows, some ten thousand, to every column; 0 = the file is at its end. Errors: ragged row, text in
  // a number, quote not closed, not UTF-8.
  Result<int64_t> read_block(std::vector<CsvColumn>& columns);
  // Appends all rows that are left.
  Result<int64_t> read(std::vector<CsvColumn>& columns);
  const std::vector<LineRun>& lines() const { return lines_; }  // of the rows that were read
  int64_t line(int64_t row) const { return line_of(lines_, row); }
  // First row's cell of a column, to see what kind it is, and its line.
  std::string_view sample(int32_t column) const { return samples_[static_cast<size_t>(column)]; }
  int64_t first_line() const { return first_line_; }
  int64_t header_line() const { return header_line_; }
  bool holds_numbers(int32_t column) const;             // its first row does, or has no value
  int64_t likely_rows() const { return likely_rows_; }  // from the size of the file and of its first rows; rather more

 private:
  CsvFile() = default;
  struct Cursor;
  Result<void> start(int64_t size);
  Result<void> refill();
  Result<void> check_encoding(size_t from, size_t to) const;
  Result<void> read_header();
  void detect_delimiter(std::string_view header_line, std::string_view row_line);
  void detect_decimal();
  std::string_view lines_ahead() const { return {buffer_.data() + next_, complete_ - next_}; }
  Result<std::string_view> take_cell(Cursor& cursor) const;
  bool take_number(Cursor& cursor, std::vector<double>& numbers) const;
  bool is_remark(std::string_view line, bool number_first) const;
  Result<bool> read_row(Cursor& cursor, std::vector<CsvColumn>& columns) const;
  Result<double> number(std::string_view cell, int64_t line, int32_t column) const;
  Error error_at(int64_t line, int32_t column, std::string_view found, const std::string& expected) const;

  std::string name_;
  std::shared_ptr<std::FILE> stream_;  // none: all bytes are in the buffer
  size_t piece_ = 0;                   // bytes read at once
  std::vector<char> buffer_;
  size_t next_ = 0, complete_ = 0;  // in the buffer: the next row; the end of the last whole line
  bool at_end_ = false;             // the buffer holds the rest of the file
  int64_t line_ = 1;                // of the next row
  int64_t rows_ = 0;                // that were read
  int64_t header_line_ = 1;
  int64_t first_line_ = 1;  // of the first row
  int64_t likely_rows_ = 0;
  char delimiter_ = ',';
  bool decimal_comma_ = false;
  std::vector<std::string> header_;
  std::vector<std::string> samples_;
  std::vector<LineRun> lines_;
  std::vector<int32_t> target_;  // per column of the file: index of the wanted column, or -1
};

// "Temperature [C]" or "ax (g)" -> name and unit; the unit is empty when there is none.
struct HeaderName {
  std::string name, unit;
};
HeaderName split_unit(const std::string& header);

}  // namespace mote
