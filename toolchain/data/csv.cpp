#include "toolchain/data/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "toolchain/data/text.h"
#include "toolchain/data/time_stamp.h"

namespace mote {
namespace {

constexpr size_t kPiece = 1 << 20;        // bytes read at once, at most
constexpr size_t kLeastPiece = 1 << 12;   // ... and at least: a file may grow
constexpr size_t kLongestRow = 16 << 20;  // bytes; more is no CSV
constexpr int64_t kBlockRows = 1 << 14;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

bool means_missing(std::string_view cell) {
  if (cell.empty() || cell == "-" || cell == "?") return true;
  if (cell.size() > 9) return false;
  std::string word = lower_case(cell);
  if (word[0] == '-' || word[0] == '+') word.erase(0, 1);
  for (const char* name : {"nan", "na", "n/a", "null", "none", "missing", "inf", "infinity"})
    if (word == name) return true;
  return false;
}

// Length of the UTF-8 sequence at p, 0 if it is not one (overlong forms and surrogates included).
size_t utf8_length(const unsigned char* p, size_t left) {
  const size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
  if (n == 0 || n > left) return 0;
  for (size_t i = 1; i < n; ++i)
    if (p[i] >> 6 != 2) return 0;
  if (n == 2 && p[0] < 0xC2) return 0;
  if (n == 3 && ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F))) return 0;
  if (n == 4 && ((p[0] == 0xF0 && p[1] < 0x90) || p[0] > 0xF4 || (p[0] == 0xF4 && p[1] > 0x8F))) return 0;
  return n;
}

// A number of up to 18 digits without an exponent, from `p` on; the end of it, or `p` if there is none. Exact: below
// 2^53 digits and power of ten are doubles, so that one division rounds as the decimal text asks for (Clinger 1990).
const char* parse_decimal(const char* p, const char* end, char point, double& value) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                       1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  const char* const start = p;
  const bool negative = p != end && *p == '-';
  p += negative;
  uint64_t digits = 0;
  const char* const first = p;
  while (p != end && *p >= '0' && *p <= '9') digits = digits * 10 + static_cast<uint64_t>(*p++ - '0');
  std::ptrdiff_t count = p - first, decimals = 0;
  if (p != end && *p == point) {
    const char* const fraction = ++p;
    while (p != end && *p >= '0' && *p <= '9') digits = digits * 10 + static_cast<uint64_t>(*p++ - '0');
    decimals = p - fraction;
    count += decimals;
  }
  if (count == 0 || count > 18 || digits > (uint64_t{1} << 53) || (p != end && (*p == 'e' || *p == 'E'))) return start;
  value = static_cast<double>(digits) / kPowers[decimals];
  if (negative) value = -value;
  return p;
}

std::vector<std::string> split_line(std::string_view line, char delimiter) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"')
        cells.back() += line[++i];
      else
        quoted = !quoted;
    } else if (c == delimiter && !quoted) {
      if (delimiter != ' ' || !cells.back().empty()) cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  for (std::string& cell : cells) cell = std::string(trimmed(cell));
  return cells;
}

int64_t count_outside_quotes(std::string_view line, char wanted) {
  bool quoted = false;
  int64_t n = 0;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    n += c == wanted && !quoted;
  }
  return n;
}

std::string_view line_at(std::string_view text, size_t offset) {
  const size_t end = text.find('\n', offset);
  std::string_view line = text.substr(offset, end == std::string_view::npos ? end : end - offset);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool looks_like_decimal_comma(std::string_view cell) {
  const size_t comma = cell.find(',');
  if (comma == std::string_view::npos || cell.find(',', comma + 1) != std::string_view::npos) return false;
  return std::all_of(cell.begin(), cell.end(), [](char c) { return std::strchr("0123456789+-,eE", c) != nullptr; }) &&
         comma > 0 && comma + 1 < cell.size();
}

}  // namespace

// Where reading stands.
struct CsvFile::Cursor {
  const char* position;
  const char* end;
  int64_t line;
  bool open = false;  // the cell reaches beyond `end`
  bool line_ends() const {
    return position == end || *position == '\n' || (*position == '\r' && (position + 1 == end || position[1] == '\n'));
  }
};

int64_t line_of(const std::vector<LineRun>& runs, int64_t row) {
  if (runs.empty()) return 0;
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), row, [](int64_t r, const LineRun& run) { return r < run.row; });
  return std::prev(after)->line + row - std::prev(after)->row;
}

void CsvColumn::add_text(std::string_view text) {
  if (!texts.empty() && dictionary[static_cast<size_t>(texts.back())] == text) return texts.push_back(texts.back());
  const auto [entry, added] = known_.emplace(text, static_cast<int32_t>(dictionary.size()));
  if (added) dictionary.emplace_back(text);
  texts.push_back(entry->second);
}

Result<CsvFile> CsvFile::parse(std::string name, std::string_view bytes) {
  CsvFile file;
  file.name_ = std::move(name);
  file.buffer_.assign(bytes.begin(), bytes.end());
  file.complete_ = file.buffer_.size();
  file.at_end_ = true;
  MOTE_CHECK(file.check_encoding(0, file.complete_));
  MOTE_CHECK(file.start(static_cast<int64_t>(bytes.size())));
  return file;
}

Result<CsvFile> CsvFile::open(std::string name, const std::filesystem::path& path) {
  CsvFile file;
  file.name_ = std::move(name);
  file.stream_.reset(std::fopen(path.c_str(), "rb"), [](std::FILE* stream) {
    if (stream != nullptr) std::fclose(stream);
  });
  if (file.stream_ == nullptr)
    return input_error(fmt::format("{}: cannot open the file: {}", file.name_, std::strerror(errno)));
  std::setvbuf(file.stream_.get(), nullptr, _IONBF, 0);  // pieces are large already
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  // Small files take no more than they have: clearing a large buffer for each of many costs more than reading them.
  file.piece_ = unknown ? kPiece : std::clamp(static_cast<size_t>(size) + 1, kLeastPiece, kPiece);
  MOTE_CHECK(file.refill());
  MOTE_CHECK(file.start(unknown ? 0 : static_cast<int64_t>(size)));
  return file;
}

// Reads on, behind the rows that are still to be parsed, until there is one more whole line or the end of the file.
Result<void> CsvFile::refill() {
  if (next_ > 0) buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<int64_t>(next_));
  complete_ -= next_;
  next_ = 0;
  const size_t checked = complete_;
  while (!at_end_ && complete_ == checked) {
    if (buffer_.size() > kLongestRow)
      return input_error(
          fmt::format("{}:{}: {} MiB without the end of a row: a quote (\") is opened and never closed, "
                      "or this is not CSV",
                      name_, line_, kLongestRow >> 20));
    const size_t used = buffer_.size();
    buffer_.resize(used + piece_);
    const size_t got = std::fread(buffer_.data() + used, 1, piece_, stream_.get());
    buffer_.resize(used + got);
    if (std::ferror(stream_.get()) != 0)
      return input_error(fmt::format("{}: cannot read the file: {}", name_, std::strerror(errno)));
    at_end_ = got < piece_;
    const auto* const end = static_cast<const char*>(memrchr(buffer_.data() + used, '\n', got));
    complete_ = at_end_ ? buffer_.size() : end == nullptr ? complete_ : static_cast<size_t>(end + 1 - buffer_.data());
    if (at_end_) break;
  }
  return check_encoding(checked, complete_);
}

Result<void> CsvFile::start(int64_t size) {
  MOTE_CHECK(read_header());
  detect_decimal();
  const std::string_view ahead = lines_ahead();
  const int64_t ends = std::count(ahead.begin(), ahead.end(), '\n');
  if (ends > 0)
    likely_rows_ = static_cast<int64_t>(1.05 * static_cast<double>(size) / static_cast<double>(ahead.size()) *
                                        static_cast<double>(ends)) +
                   64;
  return {};
}

// The bytes [from, to) of the buffer, which are whole lines.
Result<void> CsvFile::check_encoding(size_t from, size_t to) const {
  const auto* bytes = reinterpret_cast<const unsigned char*>(buffer_.data()) + from;
  const size_t size = to - from;
  if (rows_ == 0 && buffer_.empty())
    return input_error(name_ + ": the file is empty; expected a header line and rows of readings");
  if (line_ == 1 && size >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)))
    return input_error(name_ + ": the file is UTF-16; expected UTF-8. Save it again as \"CSV UTF-8\"");
  for (size_t i = 0; i < size;) {
    uint64_t eight;
    if (i + 8 <= size && (std::memcpy(&eight, bytes + i, 8), (eight & 0x8080808080808080u) == 0)) {
      // A zero byte in eight ASCII bytes: the classic (x - 1) & ~x & high-bits test.
      if (((eight - 0x0101010101010101u) & ~eight & 0x8080808080808080u) == 0) {
        i += 8;
        continue;
      }
    }
    const size_t n = bytes[i] == 0 ? 0 : utf8_length(bytes + i, size - i);
    if (n == 0) {
      const int64_t line = line_ + std::count(buffer_.data(), buffer_.data() + from + i, '\n');
      if (bytes[i] == 0)
        return input_error(fmt::format("{}:{}: a zero byte: this is a binary file, not CSV text", name_, line));
      return input_error(
          fmt::format("{}:{}: byte 0x{:02X} is not UTF-8 text. Save the file as UTF-8, for example: iconv -f "
                      "ISO-8859-1 -t UTF-8",
                      name_, line, bytes[i]));
    }
    i += n;
  }
  return {};
}

Result<void> CsvFile::read_header() {
  const std::string_view text = lines_ahead();
  size_t offset = text.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
  int64_t line = 1;
  const auto is_preamble = [](std::string_view current) {
    return current[0] == '#' || (current.starts_with("sep=") && current.size() == 5);
  };
  const auto skip_lines = [&](const auto& needless) {  // and blank ones
    while (offset < text.size()) {
      const std::string_view current = line_at(text, offset);
      if (!trimmed(current).empty() && !needless(current)) return;
      const size_t end = text.find('\n', offset);
      offset = end == std::string_view::npos ? text.size() : end + 1;
      ++line;
    }
  };
  if (text.find('\n') == std::string_view::npos && text.find('\r') < text.size() - 1)
    return input_error(name_ +
                       ": the lines end with CR alone (old Mac OS); expected LF or CR LF. Convert the file, for "
                       "example: tr '\\r' '\\n'");
  skip_lines(is_preamble);
  if (offset >= text.size()) return input_error(name_ + ": no header line; expected one such as timestamp,ax,ay,az");
  header_line_ = line;
  const std::string_view header_text = line_at(text, offset);
  offset = std::min(text.size(),
                    text.find('\n', offset) == std::string_view::npos ? text.size() : text.find('\n', offset) + 1);
  ++line;
  const size_t header_end = offset;
  const int64_t lines_above = line;
  skip_lines(is_preamble);
  detect_delimiter(header_text, line_at(text, offset < text.size() ? offset : header_end));
  header_ = split_line(header_text, delimiter_);
  while (header_.size() > 1 && header_.back().empty()) header_.pop_back();
  offset = header_end, line = lines_above;
  skip_lines([&](std::string_view current) { return is_remark(current, false); });
  const std::string_view row_text = offset < text.size() ? line_at(text, offset) : std::string_view();
  const bool all_values = std::all_of(header_.begin(), header_.end(), [](const std::string& cell) {
    double value;
    return parse_number(cell, value) || parse_date_time(cell) || looks_like_decimal_comma(cell) || means_missing(cell);
  });
  if (all_values)
    return input_error(
        fmt::format("{}:{}: the first line holds values ({}); expected a header line with the names of the "
                    "columns. Add one, for example: timestamp,ax,ay,az",
                    name_, header_line_, listed(header_, 4)));
  if (row_text.empty()) return input_error(fmt::format("{}:{}: only a header line, no readings", name_, header_line_));
  next_ += offset;
  first_line_ = line_ = line;
  samples_ = split_line(row_text, delimiter_);
  samples_.resize(header_.size());
  return {};
}

// The candidate that cuts header and first row into the same number of cells; decimal commas make ',' the last choice
// among those that do.
void CsvFile::detect_delimiter(std::string_view header_line, std::string_view row_line) {
  delimiter_ = ',';
  for (const char candidate : {';', '\t', '|', ',', ' '}) {
    const int64_t in_header = count_outside_quotes(trimmed(header_line), candidate);
    const int64_t in_row = count_outside_quotes(trimmed(row_line), candidate);
    if (in_header > 0 && (in_row == in_header || in_row == in_header + 1)) {
      delimiter_ = candidate;
      return;
    }
  }
  for (const char candidate : {';', '\t', ',', '|'})
    if (count_outside_quotes(header_line, candidate) > 0) {
      delimiter_ = candidate;
      return;
    }
}

void CsvFile::detect_decimal() {
  const std::string_view text = lines_ahead();
  size_t offset = 0;
  for (int row = 0; row < 50 && offset < text.size(); ++row) {
    const std::string_view line = line_at(text, offset);
    for (const std::string& cell : split_line(line, delimiter_)) {
      double value;
      if (cell.find('.') != std::string::npos && parse_number(cell, value)) return;
      if (looks_like_decimal_comma(cell)) decimal_comma_ = true;
    }
    const size_t end = text.find('\n', offset);
    offset = end == std::string_view::npos ? text.size() : end + 1;
  }
}

bool CsvFile::holds_numbers(int32_t column) const {
  return number(sample(column), first_line_, column).ok();
}

Error CsvFile::error_at(int64_t line, int32_t column, std::string_view found, const std::string& expected) const {
  std::string shown(found.substr(0, 40));
  if (found.size() > 40) shown += "...";
  return input_error(fmt::format("{}:{}: column {} '{}': found '{}', expected {}", name_, line, column + 1,
                                 header_[static_cast<size_t>(column)], shown, expected));
}

Result<double> CsvFile::number(std::string_view cell, int64_t line, int32_t column) const {
  char buffer[64];
  std::string_view text = trimmed(cell);
  if (decimal_comma_ && text.size() < sizeof(buffer)) {
    std::copy(text.begin(), text.end(), buffer);
    std::replace(buffer, buffer + text.size(), ',', '.');
    text = {buffer, text.size()};
  }
  double value = 0;
  if (parse_number(text, value)) return value;
  if (means_missing(text)) return kMissing;
  return error_at(
      line, column, cell,
      fmt::format("a number such as {}. Correct the cell or delete the row{}", decimal_comma_ ? "0,25" : "0.25",
                  line == first_line_ ? "; if the header stands further down, delete the lines above it" : ""));
}

// The cell at cursor.position, up to its delimiter or the end of the line. Quotes are taken off; quoted lines are
// counted.
Result<std::string_view> CsvFile::take_cell(Cursor& cursor) const {
  const char*& p = cursor.position;
  const char* const start = p;
  while (p != cursor.end && *p == ' ') ++p;
  if (p == cursor.end || *p != '"') {
    while (!cursor.line_ends() && *p != delimiter_) ++p;
    return trimmed({start, static_cast<size_t>(p - start)});
  }
  const int64_t line = cursor.line;
  const char* const opening = ++p;
  for (; p != cursor.end && (*p != '"' || (p + 1 != cursor.end && p[1] == '"')); p += *p == '"' ? 2 : 1)
    cursor.line += *p == '\n';
  cursor.open = p >= cursor.end;
  if (cursor.open && at_end_)
    return input_error(fmt::format("{}:{}: a quote (\") is opened and never closed", name_, line));
  if (cursor.open) return std::string_view();
  const std::string_view cell(opening, static_cast<size_t>(p - opening));
  while (!cursor.line_ends() && *p != delimiter_) ++p;
  return cell;
}

// A plain number that fills its cell: the common case. False: nothing was taken.
bool CsvFile::take_number(Cursor& cursor, std::vector<double>& numbers) const {
  const char* const start = cursor.position;
  double value;
  if (!decimal_comma_ || delimiter_ != ',')
    cursor.position = parse_decimal(start, cursor.end, decimal_comma_ ? ',' : '.', value);
  if (cursor.position == start && !decimal_comma_) {
    const auto parsed = std::from_chars(start, cursor.end, value);
    if (parsed.ec == std::errc() && std::isfinite(value)) cursor.position = parsed.ptr;
  }
  if (cursor.position != start && (cursor.line_ends() || *cursor.position == delimiter_)) {
    numbers.push_back(value);
    return true;
  }
  cursor.position = start;
  return false;
}

// A line that begins with # and can be no row, since it has other cells than the header or its first is to be a number.
bool CsvFile::is_remark(std::string_view line, bool number_first) const {
  line = trimmed(line);
  if (!line.starts_with('#')) return false;
  const std::vector<std::string> cells = split_line(line, delimiter_);
  const bool trailing = cells.size() == header_.size() + 1 && cells.back().empty();
  return number_first || header_.size() == 1 || cells.size() - trailing != header_.size();
}

// Reads one line into the wanted columns. False: a blank line, a remark, or a row that is not yet whole in the buffer.
Result<bool> CsvFile::read_row(Cursor& cursor, std::vector<CsvColumn>& columns) const {
  const char*& p = cursor.position;
  const int64_t line = cursor.line;
  const int32_t width = static_cast<int32_t>(header_.size());
  int32_t cells = 0;
  while (p != cursor.end && (*p == ' ' || (*p == '\t' && delimiter_ != '\t'))) ++p;
  const bool number_first = target_[0] >= 0 && columns[static_cast<size_t>(target_[0])].kind == CsvColumn::Kind::number;
  const bool blank = cursor.line_ends() ||
                     (*p == '#' && is_remark(line_at({p, static_cast<size_t>(cursor.end - p)}, 0), number_first));
  for (int32_t column = 0; !blank; ++column) {
    const int32_t wanted = column < width ? target_[static_cast<size_t>(column)] : -1;
    CsvColumn* const destination = wanted < 0 ? nullptr : &columns[static_cast<size_t>(wanted)];
    const bool is_number = destination != nullptr && destination->kind == CsvColumn::Kind::number;
    ++cells;
    if (!is_number || !take_number(cursor, destination->numbers)) {
      MOTE_TRY(const std::string_view cell, take_cell(cursor));
      if (cursor.open) return false;
      if (column == width && cell.empty() && cursor.line_ends()) --cells;  // a trailing delimiter
      if (is_number) {
        MOTE_TRY(const double value, number(cell, line, column));
        destination->numbers.push_back(value);
      } else if (destination != nullptr) {
        destination->add_text(cell);
      }
    }
    if (cursor.line_ends()) break;
    ++p;
    while (delimiter_ == ' ' && p != cursor.end && *p == ' ') ++p;
    if (delimiter_ == ' ' && cursor.line_ends()) break;
  }
  if (!blank && cells != width)
    return input_error(fmt::format("{}:{}: the row has {} cell{}, the header has {}. {}", name_, line, cells,
                                   cells == 1 ? "" : "s", width,
                                   p == cursor.end ? "The file ends inside this row: delete it, or record again"
                                                   : "Correct the row or delete it"));
  while (p != cursor.end && *p != '\n') ++p;
  if (p != cursor.end) ++p;
  ++cursor.line;
  return !blank;
}

Result<int64_t> CsvFile::read_block(std::vector<CsvColumn>& columns) {
  target_.assign(header_.size(), -1);
  for (size_t i = 0; i < columns.size(); ++i) target_[static_cast<size_t>(columns[i].index)] = static_cast<int32_t>(i);
  const size_t before = columns.empty() ? 0 : columns[0].rows();
  int64_t rows = 0;
  while (rows < kBlockRows) {
    if (next_ == complete_) {
      if (at_end_) break;
      MOTE_CHECK(refill());
      continue;
    }
    Cursor cursor{buffer_.data() + next_, buffer_.data() + complete_, line_};
    MOTE_TRY(const bool filled, read_row(cursor, columns));
    if (cursor.open) {  // a quoted cell goes on behind the piece
      for (CsvColumn& column : columns) column.cut(before + static_cast<size_t>(rows));
      MOTE_CHECK(refill());
      continue;
    }
    next_ = static_cast<size_t>(cursor.position - buffer_.data());
    const int64_t line = std::exchange(line_, cursor.line);
    if (!filled) continue;
    if (lines_.empty() || line_of(lines_, rows_) != line) lines_.push_back({rows_, line});
    ++rows, ++rows_;
  }
  return rows;
}

Result<int64_t> CsvFile::read(std::vector<CsvColumn>& columns) {
  int64_t rows = 0, block = 0;
  do {
    MOTE_TRY(block, read_block(columns));
    rows += block;
  } while (block > 0);
  return rows;
}

HeaderName split_unit(const std::string& header) {
  for (const auto& [open, close] : {std::pair{'[', ']'}, std::pair{'(', ')'}}) {
    const size_t start = header.find(open);
    if (start == std::string::npos || start == 0 || header.back() != close) continue;
    return {std::string(trimmed(std::string_view(header).substr(0, start))),
            std::string(trimmed(std::string_view(header).substr(start + 1, header.size() - start - 2)))};
  }
  return {header, ""};
}

}  // namespace mote
