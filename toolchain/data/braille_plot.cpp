#include "toolchain/data/braille_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mote {

std::vector<std::string> braille_plot(std::span<const double> values, int columns, int rows, double low, double high) {
  constexpr uint8_t kDots[4][2] = {
      {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};  // Unicode Braille, row by row
  const int width = columns * 2, height = rows * 4;
  std::vector<uint8_t> cells(static_cast<size_t>(columns * rows), 0);
  int before = -1;
  for (int x = 0; x < width; ++x) {
    const size_t i = static_cast<size_t>(x) * (values.size() - 1) / static_cast<size_t>(std::max(1, width - 1));
    if (!std::isfinite(values[i])) {
      before = -1;
      continue;
    }
    const double share = high > low ? std::clamp((values[i] - low) / (high - low), 0.0, 1.0) : 0.5;
    const int y = static_cast<int>(std::lround((1 - share) * (height - 1)));
    const int from = before < 0 ? y : std::min(y, before + (before < y)),
              to = before < 0 ? y : std::max(y, before - (before > y));
    for (int dot = from; dot <= to; ++dot)
      cells[static_cast<size_t>(dot / 4 * columns + x / 2)] |= kDots[dot % 4][x % 2];
    before = y;
  }
  std::vector<std::string> lines(static_cast<size_t>(rows));
  for (size_t i = 0; i < cells.size(); ++i) {
    const uint32_t code = 0x2800u + cells[i];  // three bytes of UTF-8
    std::string& line = lines[i / static_cast<size_t>(columns)];
    line += static_cast<char>(0xE0 | code >> 12);
    line += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    line += static_cast<char>(0x80 | (code & 0x3F));
  }
  return lines;
}

}  // namespace mote
