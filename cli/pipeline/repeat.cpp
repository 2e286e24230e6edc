#include "cli/pipeline/repeat.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/pipeline/metrics.h"
#include "cli/pipeline/metrics_json.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/verdict.h"
#include "toolchain/report/format.h"
#include "toolchain/report/metric_names.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr const char* kForms[] = {"float", "int8"};

std::span<const MetricName> metrics_of(const ProjectConfig& project) {
  return metrics_of_task(task_name(project.task));
}

// {"seed", "fold", "float": {...}, "int8": {...}}: the metrics of the judged part.
Result<Json> train_once(Pipeline& pipeline) {
  MOTE_TRY(const Step judged, pipeline.data_to_judgement());
  const ProjectConfig& project = pipeline.project();
  Json result = {{"seed", project.train.seed}, {"fold", project.data.split.fold}};
  for (const char* form : kForms) {
    const Json& parts = judged.result.at(form);
    result[form] = parts.at(judged_part(parts));
  }
  return result;
}

// {"mean", "deviation"} of a metric over the repetitions where it is defined; no deviation of one, no mean of none.
Json spread(const Json& repetitions, const char* form, const std::string& metric) {
  std::vector<double> values;
  for (const Json& each : repetitions)
    if (const Json& value = each.at(form).at(metric); value.is_number()) values.push_back(value.get<double>());
  const auto count = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / count;
  for (const double value : values) squares += std::pow(value - mean, 2);
  return {{"mean", number_or_null(mean)}, {"deviation", count > 1 ? Json(std::sqrt(squares / (count - 1))) : Json()}};
}

std::string table_text(const ProjectConfig& project, const Json& result) {
  const std::span<const MetricName> metrics = metrics_of(project);
  const MetricName& judged = metrics[0];
  const std::string first = judged.name;
  Table table({"seed", "fold", "float " + first, "int8 " + first}, std::vector<Align>(4, Align::right));
  for (const Json& each : result.at("repetitions"))
    table.row({std::to_string(each.at("seed").get<uint64_t>()),
               result.at("folds").get<int32_t>() > 0 ? std::to_string(each.at("fold").get<int32_t>() + 1) : "-",
               metric_text(judged, each.at("float"), false), metric_text(judged, each.at("int8"), false)});
  Table summary({"mean +- deviation", "float", "int8"}, {Align::left, Align::right, Align::right});
  for (const MetricName& metric : metrics) {
    std::vector<std::string> cells = {metric.name};
    for (const char* form : kForms) {
      const Json& each = result.at(form).at(metric.name);
      const auto text = [&](const char* key) {
        return metric_text(metric, each.at(key).is_null() ? std::nan("") : each.at(key).get<double>());
      };
      cells.push_back(each.at("deviation").is_null() ? text("mean") : text("mean") + " +- " + text("deviation"));
    }
    summary.row(std::move(cells));
  }
  return "\n" + table.text() + "\n" + summary.text();
}

}  // namespace

Result<Outcome> repeat_training(Session& session, const Repetition& repetition) {
  Json repetitions = Json::array();
  ProjectConfig project;
  for (int32_t fold = 0; fold < std::max(repetition.folds, 1); ++fold)
    for (int32_t seed = 0; seed < repetition.seeds; ++seed) {
      MOTE_TRY(Pipeline pipeline, Pipeline::open(session, [&](ProjectConfig& changed) {
                 if (repetition.aware) use_aware_training(changed);
                 changed.train.seed += static_cast<uint64_t>(seed);
                 if (repetition.folds == 0) return;
                 changed.data.split.folds = repetition.folds;
                 changed.data.split.fold = fold;
               }));
      MOTE_TRY(const FileLock lock, pipeline.workspace().lock());
      MOTE_TRY(Json done, train_once(pipeline));
      repetitions.push_back(std::move(done));
      project = pipeline.project();
    }
  Json result = {{"seeds", repetition.seeds},
                 {"folds", repetition.folds},
                 {"task", task_name(project.task)},
                 {"goal", to_json(project.goal)}};
  Json means = Json::object();
  for (const char* form : kForms)
    for (const MetricName& metric : metrics_of(project))
      result[form][metric.name] = spread(repetitions, form, metric.name);
  for (const auto& [metric, value] : result.at("int8").items()) means["test"][metric] = value.at("mean");
  result["repetitions"] = std::move(repetitions);
  result["verdict"] = verdict(project.goal, means, Json::array(), {});
  const bool met = result.at("verdict").at("goal_met").get<bool>();
  session.console.text(table_text(project, result) +
                       (met ? "\n  The mean meets the goal.\n" : "\n  The mean is short of the goal.\n"));
  session.console.object(result);
  return met ? Outcome::done : Outcome::falls_short;
}

}  // namespace mote
