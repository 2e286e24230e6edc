// Text tables for terminals.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mote {

enum class Align { left, right };

class Table {
 public:
  // One column per header; an empty header list makes a table without a header line.
  Table(std::vector<std::string> headers, std::vector<Align> alignment);
  void row(std::vector<std::string> cells);  // REQUIRES: as many cells as columns
  // Lines end with '\n' and start with `indent` spaces; columns are two spaces apart, trailing spaces removed.
  std::string text(int indent = 2) const;

 private:
  std::vector<std::string> headers_;
  std::vector<Align> alignment_;
  std::vector<std::vector<std::string>> rows_;
};

// Columns that a terminal needs for UTF-8 text (every code point counts as one).
int display_width(std::string_view text);

// A bar of `width` cells filled in eighths: fraction 0.53 -> "█████▎    ". Fractions are clamped to 0..1.
std::string bar(double fraction, int width);

}  // namespace mote
