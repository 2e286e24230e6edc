#include <fmt/format.h>

#include <map>

#include "cli/latest_run.h"
#include "cli/pipeline/build.h"
#include "cli/verb.h"
#include "toolchain/base/process.h"
#include "toolchain/data/simulate.h"
#include "toolchain/measure/build.h"
#include "toolchain/measure/emulate.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {
namespace doctor_command {

constexpr double kVersionSeconds = 10;
constexpr const char* kExampleBoard = "nano33ble";  // what the examples need must be there; other boards are a choice

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

struct Finding {
  std::string name, state, advice;
  bool good = false;
  std::string boards = "";  // that need it; empty = all
};

Finding check_tool(const std::string& program, const std::string& package) {
  Finding finding{program, "missing", fmt::format("sudo apt-get install -y {}", package), false};
  if (!find_program(program)) return finding;
  const Result<ProcessOutput> version = run_process({program, "--version"}, kVersionSeconds);
  if (!version.ok() || version.value().exit_status != 0) {
    finding.state = "does not start";
    return finding;
  }
  return {program, first_line(version.value().output), "", true};
}

Finding check_library(const CrossCompiler& compiler) {
  const std::string name = "C library of " + compiler.program;
  if (const Result<bool> found = has_c_library(compiler); found.ok() && *found) return {name, "found", "", true};
  return {name, "missing", fmt::format("sudo apt-get install -y {}", compiler.library_package), false};
}

Finding check_emulator(const Emulator& emulator) {
  if (!emulator.beside_mote) return check_tool(emulator.program, emulator.package);
  const auto program = find_emulator(emulator);
  if (!program) return {emulator.program, "missing", emulator_advice(emulator), false};
  Finding finding = check_tool(program->string(), emulator.package);
  finding.name = emulator.program;
  return finding;
}

// What the boards need, each program once, with the boards that need it.
std::vector<Finding> check_boards() {
  std::vector<Finding> findings;
  std::map<std::string, size_t> place;  // by program
  const auto needed = [&](const Board& board, const std::string& program, auto check) {
    const auto [at, is_new] = place.emplace(program, findings.size());
    if (is_new) findings.push_back(check());
    std::string& boards = findings[at->second].boards;
    boards += (boards.empty() ? "" : ", ") + board.name;
  };
  for (const Board* board : all_boards()) {
    const CrossCompiler& compiler = *board->compiler;
    const Emulator& emulator = board->emulator;
    needed(*board, compiler.program, [&] { return check_tool(compiler.program, compiler.package); });
    needed(*board, compiler.library, [&] { return check_library(compiler); });
    needed(*board, emulator.program, [&] { return check_emulator(emulator); });
  }
  return findings;
}

Finding check_plugin() {
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  const fs::path plugin = program.parent_path() / "libmote_count.so";
  if (!failure && fs::exists(plugin, failure)) return {"counting plugin", plugin.string(), "", true};
  return {"counting plugin", "missing", "keep libmote_count.so beside the mote program, or build again", false};
}

Result<Outcome> run_pipeline(Session& session) {
  MOTE_TRY(const TemporaryFolder scratch, TemporaryFolder::create());
  const fs::path folder = scratch.path() / "gestures";
  MOTE_CHECK(write_example("gestures", "gestures", folder, 1));
  session.console.text("\nThe built-in example, from recordings to measured firmware:\n\n");
  Console quiet(session.console.json(), /*object=*/false);
  Session inner{quiet, folder, session.seed, session.threads};
  return build_project(inner, {.target = Target::artefacts});
}

Result<Outcome> run(Session& session, bool full) {
  std::vector<Finding> findings = check_boards();
  findings.push_back(check_plugin());
  Table table({}, {Align::left, Align::left, Align::left});
  Json checks = Json::array();
  std::string missing;
  for (const Finding& each : findings) {
    const bool required = each.boards.empty() || each.boards.find(kExampleBoard) != std::string::npos;
    const std::string only = required ? "" : fmt::format("  (only for {})", each.boards);
    table.row({each.good ? "ok" : "--", each.name, (each.good ? each.state : each.state + ": " + each.advice) + only});
    checks.push_back({{"name", each.name},
                      {"ok", each.good},
                      {"required", required},
                      {"boards", each.boards},
                      {"state", each.state},
                      {"advice", each.advice}});
    if (!each.good && required) missing += (missing.empty() ? "" : ", ") + each.name;
  }
  session.console.text(table.text());
  Json json = {{"checks", std::move(checks)}, {"ok", missing.empty()}};
  if (missing.empty() && full) {
    MOTE_TRY(const Outcome outcome, run_pipeline(session));
    json["pipeline"] = outcome == Outcome::done ? "goal met, within budget" : "short of the goal or over the budget";
  }
  session.console.object(json);
  if (!missing.empty()) return input_error(fmt::format("missing: {}; the commands above install them", missing));
  if (!full)
    session.console.text(
        "\n  Everything that the examples need is there. `mote doctor --full` runs the whole pipeline on an "
        "example.\n");
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto full = std::make_shared<bool>(false);
  command.add_flag("--full", *full, "Run the whole pipeline on the built-in example, in a temporary folder");
  return [full](Session& session) { return run(session, *full); };
}

}  // namespace doctor_command
}  // namespace

extern const Verb doctor_verb;
const Verb doctor_verb{"doctor", "Check the compilers and emulators, and say how to get what is missing", "",
                       doctor_command::configure};

}  // namespace mote
