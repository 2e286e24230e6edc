#include "cli/pipeline/leakage_check.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/pipeline/metrics.h"
#include "cli/pipeline/pipeline.h"
#include "toolchain/report/metric_names.h"

namespace mote {
namespace {

// What keeps windows together, in words.
std::string split_words(const std::string& by) {
  if (by.starts_with("filename:") || by.starts_with("column:")) return "by group";
  return "by " + by;
}

}  // namespace

Result<Json> random_split_gap(Session& session, const Json& metrics) {
  MOTE_TRY(Pipeline own, Pipeline::open(session));
  MOTE_TRY(const Loaded* const loaded, own.loaded());
  const Dataset& dataset = loaded->dataset;
  const std::string by = dataset.split_by;
  if (by == "random")
    return input_error(own.project().where("data.split.by") +
                       ": --leakage compares a split by groups, files or time with a random one, and this project's "
                       "is random");
  const auto share = [&](const DataPart& part) {
    const int64_t all = dataset.train.size() + dataset.validation.size() + dataset.test.size();
    return static_cast<double>(part.size()) / static_cast<double>(all);
  };
  MOTE_TRY(Pipeline pipeline, Pipeline::open(session, [&](ProjectConfig& project) {
             project.data.split = {"random", {share(dataset.validation), {}}, {share(dataset.test), {}}, 0, 0, true};
             project.goal.conditions.clear();
             project.given["data.split.by"] = "random, windows overlap";  // no split that mote.toml can ask for
             project.given["data.split.validation"] = share(dataset.validation);
             project.given["data.split.test"] = share(dataset.test);
           }));
  MOTE_TRY(const Step judged, pipeline.data_to_judgement());
  const MetricName& metric = metrics_of_task(task_name(own.project().task))[0];
  const Json &before = metrics.at("int8"), &after = judged.result.at("int8");
  const Json& random_part = after.at(judged_part(after));
  return Json{{"metric", metric.name},
              {"split_by", by},
              {"by_split", before.at(judged_part(before)).at(metric.name)},
              {"random_windows", random_part.at(metric.name)},
              {"test_windows", random_part.at("count")}};
}

std::string gap_text(const Json& gap) {
  const MetricName& metric = *find_metric(gap.at("metric").get<std::string>());
  const std::string words = split_words(gap.at("split_by").get<std::string>());
  const auto value = [&](const char* key) {
    return gap.at(key).is_number() ? gap.at(key).get<double>() : std::nan("");
  };
  const double own = value("by_split"), random = value("random_windows");
  std::string text =
      fmt::format("  leakage   {} {} {}, random windows {} (the same network trained once more): ", metric.name, words,
                  metric_text(metric, own), metric_text(metric, random));
  if (metric.higher_is_better ? random > own : random < own)
    return text +
           "windows of one\n            recording look alike; only the first figure is what new recordings will "
           "see\n";
  return text + "no sign that windows\n            of one recording look more alike than others\n";
}

}  // namespace mote
