#include <fmt/format.h>

#include <cmath>
#include <set>

#include "cli/pipeline/metrics_json.h"
#include "cli/project/project.h"
#include "cli/run_table.h"
#include "cli/verb.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {
namespace runs_compare_command {

using Column = std::vector<RunRecord>;

// A row of the comparison: one value for each run.
struct Row {
  std::string name;
  std::vector<std::string> shown;
  Json values = Json::array();

  bool differs() const { return std::set<std::string>(shown.begin(), shown.end()).size() > 1; }
};

Result<Column> chosen_runs(const Session& session, const std::vector<int64_t>& ids) {
  MOTE_TRY(const std::vector<RunRecord> runs, project_runs(session));
  Column chosen;
  for (const int64_t id : ids) {
    const auto found = std::find_if(runs.begin(), runs.end(), [&](const RunRecord& run) { return run.id == id; });
    if (found == runs.end()) return input_error(fmt::format("there is no run {}: `mote runs` lists them", id));
    chosen.push_back(*found);
  }
  return chosen;
}

Row row_of(const std::string& name, const Column& runs, const auto& value_of) {
  Row row{name, {}, Json::array()};
  for (const RunRecord& run : runs) {
    const Json value = value_of(run);
    row.shown.push_back(value.is_null() ? "-" : value.is_string() ? value.get<std::string>() : value.dump());
    row.values.push_back(value);
  }
  return row;
}

Json value_at(const Json& json, const char* pointer) {
  const Json::json_pointer path(pointer);
  return json.contains(path) ? json.at(path) : Json();
}

// Seed, data, code, and the keys of mote.toml: those that are not the same in all runs.
Result<std::vector<Row>> configuration(const Column& runs) {
  std::vector<Json> keys;
  std::set<std::string> names;
  for (const RunRecord& run : runs) {
    Json written = value_at(run.metrics, "/configuration");
    if (written.is_null()) {  // an older run
      MOTE_TRY(written, written_keys(fmt::format("mote.toml of run {}", run.id), run.config));
    }
    for (const auto& [name, value] : written.items()) names.insert(name);
    keys.push_back(std::move(written));
  }
  std::vector<Row> rows = {
      row_of("seed", runs, [](const RunRecord& run) { return value_at(run.metrics, "/seed"); }),
      row_of("data fingerprint", runs, [](const RunRecord& run) { return Json(run.data_fingerprint.substr(0, 12)); }),
      row_of("mote", runs, [](const RunRecord& run) { return value_at(run.metrics, "/code/commit"); }),
      row_of("mote's program", runs, [](const RunRecord& run) { return Json(run.code_fingerprint.substr(0, 12)); })};
  for (const std::string& name : names) {
    size_t at = 0;
    rows.push_back(row_of(name, runs, [&](const RunRecord&) { return keys[at++].value(name, Json()); }));
  }
  std::erase_if(rows, [](const Row& row) { return !row.differs(); });
  return rows;
}

Row metric_row(const Column& runs, const std::string& form, const MetricName& metric) {
  Row row{form + " " + metric.name, {}, Json::array()};
  for (const RunRecord& run : runs) {
    const double value = run_metric(run.metrics, form, metric.name);
    row.shown.push_back(metric_text(metric, value));
    row.values.push_back(number_or_null(value));
  }
  return row;
}

Row cost_row(const Column& runs, const char* name, const char* pointer, double unit, std::string (*format)(double)) {
  Row row{name, {}, Json::array()};
  for (const RunRecord& run : runs) {
    const double value = number_in(run.metrics, pointer);
    row.shown.push_back(format(value * unit));
    row.values.push_back(number_or_null(value));
  }
  return row;
}

std::vector<Row> figures(const Column& runs) {
  std::vector<Row> rows;
  for (const char* form : {"float", "int8"})
    for (const MetricName& metric : metrics_of_task(runs.front().metrics.value("task", "")))
      rows.push_back(metric_row(runs, form, metric));
  rows.push_back(cost_row(runs, "best epoch", "/training/best_epoch", 1, format_number));
  rows.push_back(cost_row(runs, "training", "/training/seconds", 1, format_seconds));
  rows.push_back(cost_row(runs, "model", "/model_bytes", 1, format_bytes));
  rows.push_back(cost_row(runs, "flash", "/flash_bytes/total", 1, format_bytes));
  rows.push_back(cost_row(runs, "RAM", "/ram_bytes/total", 1, format_bytes));
  rows.push_back(cost_row(runs, "latency", "/latency/ms", 1e-3, format_seconds));
  rows.push_back(cost_row(runs, "power", "/power/average_mw", 1e-3, format_watts));
  rows.push_back(row_of("verdict", runs, [](const RunRecord& run) { return Json(verdict_word(run.metrics)); }));
  return rows;
}

std::string table_text(const std::string& title, const Column& runs, const std::vector<Row>& rows) {
  std::vector<std::string> headers = {title};
  std::vector<Align> alignment = {Align::left};
  for (const RunRecord& run : runs) {
    headers.push_back(fmt::format("run {}", run.id));
    alignment.push_back(Align::right);
  }
  Table table(headers, alignment);
  for (const Row& row : rows) {
    std::vector<std::string> cells = {row.name};
    cells.insert(cells.end(), row.shown.begin(), row.shown.end());
    table.row(std::move(cells));
  }
  return table.text();
}

Json rows_json(const std::vector<Row>& rows) {
  Json json = Json::object();
  for (const Row& row : rows) json[row.name] = row.values;
  return json;
}

Result<Outcome> run(Session& session, const std::vector<int64_t>& ids) {
  MOTE_TRY(const Column runs, chosen_runs(session, ids));
  MOTE_TRY(const std::vector<Row> different, configuration(runs));
  const std::vector<Row> measured = figures(runs);
  session.console.text(
      (different.empty() ? "  nothing of the configuration differs\n" : table_text("what differs", runs, different)) +
      "\n" + table_text("figures", runs, measured));
  session.console.object({{"runs", ids}, {"configuration", rows_json(different)}, {"figures", rows_json(measured)}});
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto ids = std::make_shared<std::vector<int64_t>>();
  command.add_option("runs", *ids, "Numbers of two runs or more")->required()->expected(2, 20)->type_name("RUN");
  return [ids](Session& session) { return run(session, *ids); };
}

}  // namespace runs_compare_command
}  // namespace

extern const Verb runs_compare_verb;
const Verb runs_compare_verb{"runs compare", "What differs between runs: configuration and figures, side by side", "",
                             runs_compare_command::configure};

}  // namespace mote
