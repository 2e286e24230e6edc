// CSV as loggers, spreadsheets and scripts write it: a header line, then rows. Delimiter (, ; tab | space) and decimal
// comma are detected; quotes, CRLF, a byte-order mark, blank lines, leading # lines and a trailing delimiter are
// accepted.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

struct CsvColumn {
  enum class Kind { number, text };
  int32_t index = 0;  // in the header
  Kind kind = Kind::number;
  std::vector<double> numbers;  // NaN = missing: empty cell, nan, NA, null, none, inf
  std::vector<std::string_view>
      texts;  // trimmed, without quotes; views into CsvFile::bytes. Doubled quotes stay doubled
};

class CsvFile {
 public:
  // `name` is what messages call the file. Errors: empty, not UTF-8, binary, no header line, no rows.
  static Result<CsvFile> open(std::string name, std::string bytes);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& header() const { return header_; }  // trimmed
  // Fills every column, all with the same number of rows. Errors: ragged row, text in a number, quote not closed.
  Result<int64_t> read(std::vector<CsvColumn>& columns);
  int64_t line(int64_t row) const { return lines_.empty() ? first_line_ + row : lines_[static_cast<size_t>(row)]; }
  // First row's cell of a column, to see what kind it is.
  std::string_view sample(int32_t column) const { return samples_[static_cast<size_t>(column)]; }
  bool holds_numbers(int32_t column) const;  // its first row does, or has no value

  CsvFile(CsvFile&&) = default;
  CsvFile(const CsvFile&) = delete;  // texts are views into bytes_
  CsvFile& operator=(CsvFile&&) = default;

 private:
  CsvFile() = default;
  struct Cursor;
  Result<void> check_encoding() const;
  Result<void> read_header();
  void detect_delimiter(std::string_view header_line, std::string_view row_line);
  void detect_decimal();
  Result<std::string_view> take_cell(Cursor& cursor) const;
  bool take_number(Cursor& cursor, std::vector<double>& numbers) const;
  Result<bool> read_row(Cursor& cursor, std::vector<CsvColumn>& columns, const std::vector<int32_t>& target) const;
  Result<double> number(std::string_view cell, int64_t line, int32_t column) const;
  Error error_at(int64_t line, int32_t column, std::string_view found, const std::string& expected) const;

  std::string name_;
  std::vector<char> bytes_;  // a vector: moving it keeps views valid, which a short std::string would not
  size_t body_ = 0;          // offset of the first row
  int64_t first_line_ = 1;   // of the first row
  char delimiter_ = ',';
  bool decimal_comma_ = false;
  std::vector<std::string> header_;
  std::vector<std::string> samples_;
  std::vector<int64_t> lines_;  // by row; empty while rows follow each other line by line
};

// "Temperature [C]" or "ax (g)" -> name and unit; the unit is empty when there is none.
struct HeaderName {
  std::string name, unit;
};
HeaderName split_unit(const std::string& header);

}  // namespace mote
