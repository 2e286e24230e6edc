// Lines of numbers, separated by commas, semicolons, tabs or spaces, as sketches print them: with a line of names
// before, or a name before each number ("ax:0.1,ay:0.2", as the Arduino plotter takes it), or without.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "toolchain/data/record/byte_decoder.h"
#include "toolchain/data/text.h"

namespace mote {
namespace {

constexpr size_t kMostLineBytes = 1024;
constexpr size_t kMostChannels = 256;
constexpr int kLinesOfAnotherForm = 10;  // in a row: then the board really sends another number of channels

struct Line {
  enum class Kind { nothing, numbers, names, garbage };
  Kind kind = Kind::nothing;
  char delimiter = ' ';
  std::vector<std::string> names;  // of names; of numbers when each has one
  std::vector<double> values;
};

char find_delimiter(std::string_view line) {
  for (const char each : {',', ';', '\t'})
    if (line.find(each) != std::string_view::npos) return each;
  return ' ';
}

std::vector<std::string_view> split_cells(std::string_view line, char delimiter) {
  std::vector<std::string_view> cells;
  for (size_t begin = 0; begin <= line.size() && cells.size() <= kMostChannels;) {
    const size_t end = std::min(line.find(delimiter, begin), line.size());
    const std::string_view cell = trimmed(line.substr(begin, end - begin));
    if (delimiter != ' ' || !cell.empty()) cells.push_back(cell);
    begin = end + 1;
  }
  while (cells.size() > 1 && cells.back().empty()) cells.pop_back();  // a delimiter at the end
  return cells;
}

// A number as print() writes it; nan, inf and ovf are a reading that the sensor did not give.
bool parse_value(std::string_view text, double& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::string word = lower_case(text.starts_with('-') ? text.substr(1) : text);
  if (word == "nan" || word == "inf" || word == "ovf") {
    value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  return parse_number(text, value);
}

bool starts_as_name(std::string_view cell) {
  const auto first = static_cast<unsigned char>(cell.empty() ? '0' : cell[0]);
  return std::isalpha(first) != 0 || first == '_' || first >= 0x80;
}

Line parse_line(std::string_view text) {
  Line line;
  text = trimmed(text);
  if (text.empty() || text[0] == '#') return line;
  line.kind = Line::Kind::garbage;
  line.delimiter = find_delimiter(text);
  const std::vector<std::string_view> cells = split_cells(text, line.delimiter);
  if (cells.size() > kMostChannels) return line;
  size_t names = 0;
  for (const std::string_view cell : cells) {
    double value = 0;
    const size_t colon = cell.find(':');
    if (parse_value(cell, value)) {
      line.values.push_back(value);
    } else if (colon != std::string_view::npos && is_channel_name(trimmed(cell.substr(0, colon))) &&
               parse_value(trimmed(cell.substr(colon + 1)), value)) {
      line.names.emplace_back(trimmed(cell.substr(0, colon)));
      line.values.push_back(value);
    } else if (starts_as_name(cell) && is_channel_name(cell)) {
      line.names.emplace_back(cell);
      ++names;
    } else {
      return line;
    }
  }
  if (names == cells.size()) line.kind = Line::Kind::names;
  if (line.values.size() == cells.size() && (line.names.empty() || line.names.size() == cells.size()))
    line.kind = Line::Kind::numbers;
  return line;
}

class TextDecoder final : public ByteDecoder {
 public:
  explicit TextDecoder(std::vector<std::string> names) : given_(std::move(names)) {}

  bool locked() const override { return locked_; }

  void receive(std::span<const uint8_t> bytes, StreamSink& sink) override {
    for (const uint8_t byte : bytes) {
      if (byte == '\n' || byte == '\r') {
        if (!line_.empty() || skipping_) end_line(sink);
      } else if (line_.size() < kMostLineBytes) {
        line_.push_back(static_cast<char>(byte));
      } else if (!skipping_) {
        skipping_ = true;
        if (locked_) sink.bad(line_);
      }
    }
  }

 private:
  void end_line(StreamSink& sink) {
    const std::string text = std::exchange(line_, {});
    const bool cut = std::exchange(skipping_, false);
    const bool first = std::exchange(first_, false);
    if (cut) return;
    const Line line = parse_line(text);
    // The port may have been opened in the middle of a line, and a number may have lost its first digits.
    if (first && line.kind != Line::Kind::names) return;
    if (locked_)
      take(line, text, sink);
    else
      lock(line, sink);
  }

  // The last two lines have to agree.
  void lock(const Line& line, StreamSink& sink) {
    if (line.kind == Line::Kind::names) header_ = line;
    if (line.kind != Line::Kind::numbers) return;
    if (!same_form(line, candidate_)) {
      candidate_ = line;
      return;
    }
    locked_ = true;
    announce(line, sink);
    emit(candidate_, sink);
    emit(line, sink);
  }

  static bool same_form(const Line& a, const Line& b) {
    return a.kind == b.kind && a.delimiter == b.delimiter && a.values.size() == b.values.size() && a.names == b.names;
  }

  void announce(const Line& line, StreamSink& sink) {
    form_ = line;
    const size_t n = line.values.size();
    const bool header = header_.names.size() == n && (header_.delimiter == line.delimiter || n == 1);
    format_ = {};
    format_.named = true;
    format_.misnamed = given_.empty() || given_.size() == n ? 0 : n;
    if (given_.size() == n) {
      time_ = name_channels(given_, true, format_);
    } else if (!line.names.empty() || header) {
      time_ = name_channels(line.names.empty() ? header_.names : line.names, true, format_);
    } else {
      format_.named = false;
      time_ = name_channels(numbered_channels(n), false, format_);
    }
    sink.format(format_);
  }

  void take(const Line& line, const std::string& text, StreamSink& sink) {
    if (line.kind == Line::Kind::nothing) return;
    if (line.kind == Line::Kind::numbers && same_form(line, form_)) {
      others_ = 0;
      return emit(line, sink);
    }
    if (line.kind == Line::Kind::names && line.names.size() == form_.values.size() &&
        line.delimiter == form_.delimiter) {
      const bool renamed = line.names != std::exchange(header_, line).names;
      return renamed ? announce(form_, sink) : void();
    }
    sink.bad(text);
    if (line.kind != Line::Kind::numbers) return;
    others_ = same_form(line, other_) ? others_ + 1 : 1;
    other_ = line;
    if (others_ >= kLinesOfAnotherForm) announce(line, sink);
  }

  void emit(const Line& line, StreamSink& sink) {
    std::vector<double> values = line.values;
    double ticks = 0;
    if (time_ >= 0) {
      ticks = values[static_cast<size_t>(time_)];
      values.erase(values.begin() + time_);
      if (!std::isfinite(ticks)) return sink.bad("a line without its time");
    }
    sink.reading(values, ticks);
  }

  std::vector<std::string> given_;
  std::string line_;
  bool first_ = true, skipping_ = false, locked_ = false;
  Line header_, candidate_, form_, other_;
  int others_ = 0;
  StreamFormat format_;
  int32_t time_ = -1;  // its index among the values
};

}  // namespace

std::unique_ptr<ByteDecoder> make_text_decoder(std::vector<std::string> names) {
  return std::make_unique<TextDecoder>(std::move(names));
}

}  // namespace mote
