#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/pipeline/metrics.h"
#include "cli/verb.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

// metrics["a"]["b"] as a number, or NaN.
double number(const Json& metrics, const std::string& pointer) {
  const Json::json_pointer path(pointer);
  return metrics.contains(path) && metrics.at(path).is_number() ? metrics.at(path).get<double>() : std::nan("");
}

std::string quality(const Json& metrics, const char* kind) {
  if (!metrics.contains(kind)) return "-";
  const std::string part = fmt::format("/{}/{}/", kind, judged_part(metrics.at(kind)));
  const double accuracy = number(metrics, part + "accuracy");
  return std::isfinite(accuracy) ? format_percent(accuracy) : format_number(number(metrics, part + "mae")) + " MAE";
}

std::string verdict_word(const Json& metrics) {
  const Json& verdict = metrics.at("verdict");
  const bool goal = verdict.at("goal_met").get<bool>(), budget = verdict.at("within_budget").get<bool>();
  return goal && budget ? "met" : goal ? "over budget" : budget ? "short" : "short, over budget";
}

std::string layers_of(const Json& metrics) {
  return metrics.contains("layers")
             ? fmt::format("{}", fmt::join(metrics.at("layers").get<std::vector<std::string>>(), ", "))
             : "";
}

Result<Outcome> run(Session& session) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  const Workspace workspace(folder);
  std::vector<RunRecord> runs;
  std::error_code failure;
  if (fs::exists(workspace.runs_database(), failure)) {
    MOTE_TRY(RunsDatabase database, RunsDatabase::open(workspace.runs_database()));
    MOTE_TRY(runs, database.all());
  }
  Table table(
      {"run", "time (UTC)", "float", "int8", "model", "flash", "RAM", "latency", "power", "board", "verdict", "layers"},
      {Align::right, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right, Align::right,
       Align::right, Align::left, Align::left, Align::left});
  Json list = Json::array();
  for (const RunRecord& each : runs) {
    const Json& m = each.metrics;
    table.row({std::to_string(each.id), each.time.substr(0, 16), quality(m, "float"), quality(m, "int8"),
               format_bytes(number(m, "/model_bytes")), format_bytes(number(m, "/flash_bytes/total")),
               format_bytes(number(m, "/ram_bytes/total")), format_seconds(number(m, "/latency/ms") / 1e3),
               format_watts(number(m, "/power/average_mw") / 1e3), m.value("board", ""), verdict_word(m),
               layers_of(m)});
    list.push_back(m);
  }
  session.console.text(runs.empty() ? "  no runs yet: `mote build` makes one\n" : table.text());
  session.console.object({{"runs", std::move(list)}});
  return Outcome::done;
}

Run configure(CLI::App&) {
  return [](Session& session) { return run(session); };
}

}  // namespace

extern const Verb runs_verb;
const Verb runs_verb{"runs", "The history of runs, side by side", "", configure};

}  // namespace mote
