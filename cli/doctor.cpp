#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/pipeline/build.h"
#include "cli/verb.h"
#include "toolchain/base/process.h"
#include "toolchain/data/simulate.h"
#include "toolchain/measure/build.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr double kVersionSeconds = 10;

// A program that mote starts, and the Debian or Ubuntu package that has it.
struct Tool {
  const char* program;
  const char* package;
  const char* purpose;
};
constexpr Tool kTools[] = {
    {"arm-none-eabi-g++", "gcc-arm-none-eabi", "builds the firmware"},
    {"arm-none-eabi-nm", "binutils-arm-none-eabi", "splits flash into engine, kernels and model"},
    {"qemu-system-arm", "qemu-system-arm", "runs the firmware and counts its instructions"},
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

struct Finding {
  std::string name, state, advice;
  bool good = false;
};

Finding check_tool(const Tool& tool) {
  Finding finding{tool.program, "missing", fmt::format("sudo apt-get install -y {}", tool.package), false};
  if (!find_program(tool.program)) return finding;
  const Result<ProcessOutput> version = run_process({tool.program, "--version"}, kVersionSeconds);
  if (!version.ok() || version.value().exit_status != 0) {
    finding.state = "does not start";
    return finding;
  }
  return {tool.program, first_line(version.value().output), "", true};
}

Finding check_newlib() {
  if (newlib_is_installed()) return {"newlib", "found", "", true};
  return {"newlib", "missing", "sudo apt-get install -y libnewlib-arm-none-eabi", false};
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
  std::vector<Finding> findings;
  for (const Tool& tool : kTools) findings.push_back(check_tool(tool));
  findings.push_back(check_newlib());
  findings.push_back(check_plugin());
  Table table({}, {Align::left, Align::left, Align::left});
  Json checks = Json::array();
  std::string missing;
  for (const Finding& each : findings) {
    table.row({each.good ? "ok" : "--", each.name, each.good ? each.state : each.state + ": " + each.advice});
    checks.push_back({{"name", each.name}, {"ok", each.good}, {"state", each.state}, {"advice", each.advice}});
    if (!each.good) missing += (missing.empty() ? "" : ", ") + each.name;
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
    session.console.text("\n  Everything is there. `mote doctor --full` runs the whole pipeline on an example.\n");
  return Outcome::done;
}

Run configure(CLI::App& command) {
  auto full = std::make_shared<bool>(false);
  command.add_flag("--full", *full, "Run the whole pipeline on the built-in example, in a temporary folder");
  return [full](Session& session) { return run(session, *full); };
}

}  // namespace

extern const Verb doctor_verb;
const Verb doctor_verb{"doctor", "Check the compilers and emulators, and say how to get what is missing", "",
                       configure};

}  // namespace mote
