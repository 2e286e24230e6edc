#include "cli/pipeline/repeat.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "cli/pipeline/metrics.h"
#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/verdict.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr const char* kForms[] = {"float", "int8"};

std::vector<std::string> metric_names(const ProjectConfig& project) {
  if (project.task == DataTask::classification) return {"accuracy", "balanced_accuracy", "macro_f1"};
  return {"mae", "rmse", "r2"};
}

std::string shown_value(const ProjectConfig& project, double value) {
  return project.task == DataTask::classification ? format_percent(value) : format_number(value);
}

// {"seed", "fold", "float": {...}, "int8": {...}}: the metrics of the judged part.
Result<Json> train_once(Pipeline& pipeline) {
  MOTE_TRY(const Step data, pipeline.data());
  MOTE_TRY(const Step trained, pipeline.train(data, false));
  MOTE_TRY(const Step quantized, pipeline.quantize(trained));
  const ProjectConfig& project = pipeline.project();
  std::optional<Step> aware;
  if (project.aware.enabled) {
    MOTE_TRY(aware, pipeline.quantize_aware(trained, false));
  }
  MOTE_TRY(const Step judged, pipeline.evaluate(trained, quantized, aware ? &*aware : nullptr));
  Json result = {{"seed", project.train.seed}, {"fold", project.data.split.fold}};
  for (const char* form : kForms) {
    const Json& parts = judged.result.at(form);
    result[form] = parts.at(judged_part(parts));
  }
  return result;
}

// {"mean", "deviation"} of a metric over the repetitions; no deviation of one.
Json spread(const Json& repetitions, const char* form, const std::string& metric) {
  double sum = 0, squares = 0;
  const auto count = static_cast<double>(repetitions.size());
  for (const Json& each : repetitions) sum += each.at(form).at(metric).get<double>();
  const double mean = sum / count;
  for (const Json& each : repetitions) squares += std::pow(each.at(form).at(metric).get<double>() - mean, 2);
  return {{"mean", mean}, {"deviation", count > 1 ? Json(std::sqrt(squares / (count - 1))) : Json()}};
}

std::string table_text(const ProjectConfig& project, const Json& result) {
  const std::vector<std::string> metrics = metric_names(project);
  const std::string& first = metrics[0];
  Table table({"seed", "fold", "float " + first, "int8 " + first}, std::vector<Align>(4, Align::right));
  for (const Json& each : result.at("repetitions"))
    table.row({std::to_string(each.at("seed").get<uint64_t>()),
               result.at("folds").get<int32_t>() > 0 ? std::to_string(each.at("fold").get<int32_t>() + 1) : "-",
               shown_value(project, each.at("float").at(first).get<double>()),
               shown_value(project, each.at("int8").at(first).get<double>())});
  Table summary({"mean +- deviation", "float", "int8"}, {Align::left, Align::right, Align::right});
  for (const std::string& metric : metrics) {
    std::vector<std::string> cells = {metric};
    for (const char* form : kForms) {
      const Json& each = result.at(form).at(metric);
      const std::string mean = shown_value(project, each.at("mean").get<double>());
      cells.push_back(each.at("deviation").is_null()
                          ? mean
                          : mean + " +- " + shown_value(project, each.at("deviation").get<double>()));
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
                 {"task", project.task == DataTask::classification ? "classification" : "regression"},
                 {"goal", to_json(project.goal)}};
  Json means = Json::object();
  for (const char* form : kForms)
    for (const std::string& metric : metric_names(project)) result[form][metric] = spread(repetitions, form, metric);
  for (const auto& [metric, value] : result.at("int8").items()) means["test"][metric] = value.at("mean");
  result["repetitions"] = std::move(repetitions);
  result["verdict"] = verdict(project.goal, means, {});
  const bool met = result.at("verdict").at("goal_met").get<bool>();
  session.console.text(table_text(project, result) +
                       (met ? "\n  The mean meets the goal.\n" : "\n  The mean is short of the goal.\n"));
  session.console.object(result);
  return met ? Outcome::done : Outcome::falls_short;
}

}  // namespace mote
