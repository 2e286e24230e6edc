#include "toolchain/report/table.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mote {

Table::Table(std::vector<std::string> headers, std::vector<Align> alignment)
    : headers_(std::move(headers)), alignment_(std::move(alignment)) {}

void Table::row(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

std::string Table::text(int indent) const {
  std::vector<std::vector<std::string>> lines;
  if (!headers_.empty()) lines.push_back(headers_);
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<int> widths(alignment_.size(), 0);
  for (const auto& line : lines)
    for (size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], display_width(line[c]));
  std::string out;
  for (const auto& line : lines) {
    std::string text(static_cast<size_t>(indent), ' ');
    for (size_t c = 0; c < line.size(); ++c) {
      const std::string padding(static_cast<size_t>(widths[c] - display_width(line[c])), ' ');
      if (c > 0) text += "  ";
      text += alignment_[c] == Align::right ? padding + line[c] : line[c] + padding;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

int display_width(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string bar(double fraction, int width) {
  static const char* const kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double clamped = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  const int eighths = static_cast<int>(std::lround(clamped * width * 8));
  std::string out;
  for (int i = 0; i < eighths / 8; ++i) out += "█";
  out += kEighths[eighths % 8];
  return out + std::string(static_cast<size_t>(width - display_width(out)), ' ');
}

}  // namespace mote
