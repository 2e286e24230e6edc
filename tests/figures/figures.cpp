#include "tests/figures/figures.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <sstream>

#include "toolchain/base/files.h"
#include "toolchain/measure/measure.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr const char* kHeader =
    "model,engine,board,optimization,instructions,cycles,setup,arena,static,stack,flash,peer_instructions,peer_cycles,"
    "peer_setup,peer_ram,peer_flash";
constexpr size_t kNames = 4, kColumns = 16;

// The numeric columns of a row, in order.
std::array<int64_t*, kColumns - kNames> numbers(FiguresRow& row) {
  return {&row.recorded.instructions, &row.recorded.cycles, &row.recorded.setup, &row.recorded.arena,
          &row.recorded.statics,      &row.recorded.stack,  &row.recorded.flash, &row.peer.instructions,
          &row.peer.cycles,           &row.peer.setup,      &row.peer.arena,     &row.peer.flash};
}

Result<FiguresRow> parse_row(const std::string& place, const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  if (cells.size() != kColumns)
    return input_error(fmt::format("{}: {} columns, expected {}: {}", place, cells.size(), kColumns, kHeader));
  FiguresRow row{cells[0], cells[1], cells[2], cells[3], {}, {}};
  size_t column = kNames;
  for (int64_t* number : numbers(row)) {
    const std::string& cell = cells[column++];
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), *number);
    if (error != std::errc() || end != cell.data() + cell.size())
      return input_error(fmt::format("{}: '{}' in column {} is no whole number", place, cell, column));
  }
  return row;
}

// "1,234 (0.79x)", the ratio to the peer's figure when there is one.
std::string compared(int64_t ours, int64_t peer) {
  const std::string text = fmt::format("{}", ours);
  return peer == 0 ? text : fmt::format("{} ({:.2f}x)", text, static_cast<double>(ours) / static_cast<double>(peer));
}

}  // namespace

Result<std::vector<FiguresRow>> read_figures(const std::filesystem::path& path) {
  MOTE_TRY(const std::string text, read_text(path));
  std::istringstream in(text);
  std::vector<FiguresRow> rows;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    const std::string place = fmt::format("{}:{}", path.string(), ++number);
    if (number == 1 && line != kHeader) return input_error(fmt::format("{}: expected the header {}", place, kHeader));
    if (number == 1 || line.empty()) continue;
    MOTE_TRY(FiguresRow row, parse_row(place, line));
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<void> write_figures(const std::filesystem::path& path, const std::vector<FiguresRow>& rows) {
  std::string text = std::string(kHeader) + "\n";
  for (FiguresRow row : rows) {
    text += fmt::format("{},{},{},{}", row.model, row.engine, row.board, row.optimization);
    for (const int64_t* number : numbers(row)) text += fmt::format(",{}", *number);
    text += "\n";
  }
  return write_file(path, std::string_view(text));
}

Result<EngineFigures> measure_row(const FiguresRow& row, const std::filesystem::path& models,
                                  const std::filesystem::path& scratch) {
  MOTE_TRY(const Board* board, find_board(row.board));
  MOTE_TRY(const std::vector<uint8_t> model, read_file(models / (row.model + ".tflite")));
  MeasureOptions options;
  options.folder = scratch / "firmware";
  options.cache = scratch / "cache";
  options.counter = scratch.parent_path() / "libmote_count.so";
  options.firmware.optimization = row.optimization == "size" ? Optimization::size : Optimization::speed;
  options.firmware.engine = row.engine == to_string(Engine::compiled) ? Engine::compiled : Engine::interpreter;
  MOTE_TRY(const Measurement m, measure(row.model, model, *board, options));
  if (!m.fits) return input_error(fmt::format("{} does not fit {}: {}", row.model, row.board, m.misfits.at(0)));
  return EngineFigures{static_cast<int64_t>(m.latency.instructions),
                       static_cast<int64_t>(m.latency.cycles.typical),
                       static_cast<int64_t>(m.setup.instructions),
                       m.ram.arena,
                       m.ram.statics,
                       m.ram.stack,
                       m.flash.code()};
}

std::string figures_table(const std::vector<FiguresRow>& rows) {
  Table table({"model", "engine", "board", "build", "instructions", "cycles", "set-up", "arena", "static",
               "arena + static", "stack", "flash"},
              {Align::left, Align::left, Align::left, Align::left, Align::right, Align::right, Align::right,
               Align::right, Align::right, Align::right, Align::right, Align::right});
  for (const FiguresRow& row : rows) {
    const EngineFigures& f = row.recorded;
    table.row({fs::path(row.model).filename().string(), row.engine, row.board, row.optimization,
               compared(f.instructions, row.peer.instructions), compared(f.cycles, row.peer.cycles),
               compared(f.setup, row.peer.setup), std::to_string(f.arena), std::to_string(f.statics),
               compared(f.ram(), row.peer.arena), std::to_string(f.stack), compared(f.flash, row.peer.flash)});
  }
  return table.text();
}

}  // namespace mote
