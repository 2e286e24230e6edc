#include "cli/run_table.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/latest_run.h"
#include "cli/pipeline/metrics.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

// What runs of its task are judged by: "97.9 %", "0.337 mae".
std::string quality(const Json& metrics, const std::string& form) {
  const MetricName& metric = metrics_of_task(metrics.value("task", ""))[0];
  const std::string text = metric_text(metric, run_metric(metrics, form, metric.name));
  return metric.percent || text == "-" ? text : text + " " + metric.name;
}

std::string layers_of(const Json& metrics) {
  return metrics.contains("layers")
             ? fmt::format("{}", fmt::join(metrics.at("layers").get<std::vector<std::string>>(), ", "))
             : "";
}

}  // namespace

Result<std::vector<RunRecord>> project_runs(const Session& session) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  const Workspace workspace(folder);
  std::error_code failure;
  if (!fs::exists(workspace.runs_database(), failure)) return std::vector<RunRecord>();
  MOTE_TRY(RunsDatabase database, RunsDatabase::open(workspace.runs_database()));
  return database.all();
}

double number_in(const Json& metrics, const std::string& pointer) {
  const Json::json_pointer path(pointer);
  return metrics.contains(path) && metrics.at(path).is_number() ? metrics.at(path).get<double>() : std::nan("");
}

double run_metric(const Json& metrics, const std::string& form, const std::string& metric) {
  if (!metrics.contains(form)) return std::nan("");
  return number_in(metrics, fmt::format("/{}/{}/{}", form, judged_part(metrics.at(form)), metric));
}

std::string verdict_word(const Json& metrics) {
  const Json& verdict = metrics.at("verdict");
  const bool goal = verdict.at("goal_met").get<bool>(), budget = verdict.at("within_budget").get<bool>();
  return goal && budget ? "met" : goal ? "over budget" : budget ? "short" : "short, over budget";
}

std::string runs_table(const std::vector<RunRecord>& runs) {
  Table table(
      {"run", "time (UTC)", "float", "int8", "model", "flash", "RAM", "latency", "power", "board", "verdict", "layers"},
      {Align::right, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right, Align::right,
       Align::right, Align::left, Align::left, Align::left});
  for (const RunRecord& each : runs) {
    const Json& m = each.metrics;
    table.row({std::to_string(each.id), each.time.substr(0, 16), quality(m, "float"), quality(m, "int8"),
               format_bytes(number_in(m, "/model_bytes")), format_bytes(number_in(m, "/flash_bytes/total")),
               format_bytes(number_in(m, "/ram_bytes/total")), format_seconds(number_in(m, "/latency/ms") / 1e3),
               format_watts(number_in(m, "/power/average_mw") / 1e3), m.value("board", ""), verdict_word(m),
               layers_of(m)});
  }
  return table.text();
}

}  // namespace mote
