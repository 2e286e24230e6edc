#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cli/run_table.h"
#include "cli/verb.h"
#include "toolchain/base/text.h"

namespace mote {
namespace {
namespace runs_best_command {

struct Options {
  std::string by, form = "int8";
  bool within_budget = false;
};

Result<const MetricName*> metric_named(const std::string& name) {
  if (const MetricName* metric = find_metric(name)) return metric;
  std::vector<std::string> known;
  for (const MetricName& each : all_metrics()) known.push_back(each.name);
  return input_error(fmt::format("--by {}: no such metric; did you mean '{}'? Metrics: {}", name,
                                 nearest_name(name, known), fmt::join(known, ", ")));
}

// What a figure is worth against others.
double value_of(const MetricName& metric, const Options& options, const RunRecord& run) {
  const double value = run_metric(run.metrics, options.form, metric.name);
  return metric.higher_is_better ? value : -value;
}

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(std::vector<RunRecord> runs, project_runs(session));
  if (runs.empty()) return input_error("no runs yet: `mote build` makes one");
  const std::string judged = metrics_of_task(runs.back().metrics.value("task", ""))[0].name;
  MOTE_TRY(const MetricName* const metric, metric_named(options.by.empty() ? judged : options.by));
  const size_t all = runs.size();
  std::erase_if(runs, [&](const RunRecord& each) {
    const bool over = !each.metrics.at("verdict").at("within_budget").get<bool>();
    return (options.within_budget && over) || std::isnan(value_of(*metric, options, each));
  });
  Json result = {{"by", metric->name}, {"form", options.form}, {"value", nullptr}, {"run", nullptr}};
  if (runs.empty()) {
    session.console.text(fmt::format("  none of {} runs has {}{}\n", all, metric->name,
                                     options.within_budget ? " and is within the budget" : ""));
    session.console.object(result);
    return Outcome::falls_short;
  }
  const auto best = std::max_element(runs.begin(), runs.end(), [&](const RunRecord& a, const RunRecord& b) {
    return value_of(*metric, options, a) < value_of(*metric, options, b);
  });
  result["value"] = run_metric(best->metrics, options.form, metric->name);
  result["run"] = best->metrics;
  std::set<std::string> data;
  for (const RunRecord& each : runs) data.insert(each.data_fingerprint);
  session.console.text(fmt::format("  {} {} {}: best of {} run{}{}\n\n", metric->name,
                                   metric_text(*metric, result["value"].get<double>()), options.form, runs.size(),
                                   runs.size() == 1 ? "" : "s", options.within_budget ? " within the budget" : "") +
                       runs_table({*best}));
  if (data.size() > 1)
    session.console.text(
        fmt::format("\n  these runs judged {} different data sets or splits: their figures are of "
                    "different tests\n",
                    data.size()));
  session.console.object(result);
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command
      .add_option("--by", options->by,
                  "accuracy, balanced_accuracy, macro_f1, auc, pauc, mae, rmse, r2, ... [what "
                  "runs of the task are judged by]")
      ->type_name("METRIC");
  command.add_option("--form", options->form, "float or int8 [int8]")->one_of({"float", "int8"});
  command.add_flag("--within-budget", options->within_budget, "Only runs that keep the budget");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace runs_best_command
}  // namespace

extern const Verb runs_best_verb;
const Verb runs_best_verb{"runs best", "The run with the best figure on the judged part",
                          "The first of equal ones. Exit status 1 when no run qualifies.",
                          runs_best_command::configure};

}  // namespace mote
