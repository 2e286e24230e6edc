#include <fmt/format.h>

#include "cli/verb.h"
#include "toolchain/base/json.h"
#include "toolchain/boards/boards.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {
namespace boards_command {

struct NamedFigure {
  const char* key;
  Figure figure;
  std::string text;
};

std::vector<NamedFigure> figures(const Board& board) {
  const auto amperes = [](const Figure& figure) { return fmt::format("{} mA", format_number(1e3 * figure.value)); };
  return {{"clock_hz", board.clock_hz, fmt::format("{} MHz", format_number(board.clock_hz.value / 1e6))},
          {"flash_bytes", board.flash_bytes, format_bytes(board.flash_bytes.value)},
          {"ram_bytes", board.ram_bytes, format_bytes(board.ram_bytes.value)},
          {"volts", board.volts, fmt::format("{} V", format_number(board.volts.value))},
          {"active_amperes", board.active_amperes, amperes(board.active_amperes)},
          {"sleep_amperes", board.sleep_amperes, amperes(board.sleep_amperes)}};
}

Json board_json(const Board& board) {
  Json json = {{"name", board.name}, {"title", board.title}, {"core", board.cycle_model->core}};
  for (const NamedFigure& each : figures(board))
    json[each.key] = {{"value", each.figure.value}, {"source", each.figure.source}};
  json["cycles"] = {{"source", board.cycle_model->source}};
  json["emulator"] = {
      {"program", board.emulator.program}, {"machine", board.emulator.arguments.at(1)}, {"note", board.emulator.note}};
  json["memory_note"] = board.memory_note;
  return json;
}

std::string board_text(const Board& board) {
  std::string text = fmt::format("{}: {}, {}\n", board.name, board.title, board.cycle_model->core);
  Table table({}, {Align::left, Align::right, Align::left});
  for (const NamedFigure& each : figures(board)) table.row({each.key, each.text, each.figure.source});
  table.row({"cycles", "", board.cycle_model->source});
  table.row({"emulator", board.emulator.program + " " + board.emulator.arguments.at(1), board.emulator.note});
  table.row({"memory", "", board.memory_note});
  return text + table.text();
}

Result<Outcome> run(Session& session, const std::string& name) {
  if (!name.empty()) {
    MOTE_TRY(const Board* const board, find_board(name));
    session.console.text(board_text(*board));
    session.console.object(board_json(*board));
    return Outcome::done;
  }
  Table table(
      {"name", "board", "core", "clock", "flash", "RAM", "active", "asleep"},
      {Align::left, Align::left, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right});
  Json boards = Json::array();
  for (const Board* board : all_boards()) {
    const std::vector<NamedFigure> each = figures(*board);
    table.row({board->name, board->title, board->cycle_model->core, each[0].text, each[1].text, each[2].text,
               each[4].text, each[5].text});
    boards.push_back(board_json(*board));
  }
  session.console.text(table.text() + "\n  `mote boards NAME` gives the source of every figure.\n");
  session.console.object({{"boards", std::move(boards)}});
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "One board, with the source of each figure");
  return [name](Session& session) { return run(session, *name); };
}

}  // namespace boards_command
}  // namespace

extern const Verb boards_verb;
const Verb boards_verb{"boards", "The boards that mote measures on, with the source of every figure", "",
                       boards_command::configure};

}  // namespace mote
