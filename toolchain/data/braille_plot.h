// A curve for a terminal.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace mote {

// One curve in Braille dots, `columns` x `rows` cells (a cell is 2 dots wide and 4 high), from `low` at the bottom to
// `high` at the top; the lines from above. A value that is no number leaves its place empty. REQUIRES: values.
std::vector<std::string> braille_plot(std::span<const double> values, int columns, int rows, double low, double high);

}  // namespace mote
