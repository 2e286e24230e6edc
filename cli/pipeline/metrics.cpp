#include "cli/pipeline/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "cli/pipeline/anomaly.h"
#include "cli/pipeline/conditions.h"
#include "cli/pipeline/decisions.h"
#include "cli/pipeline/metrics_json.h"
#include "toolchain/base/text.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/train/compare.h"

namespace mote {
namespace {

// Of each row; `inputs` are what the rows were made of.
OutputMatrix scores_of(const OutputMatrix& outputs, const CalibrationData& inputs) {
  OutputMatrix scores{outputs.rows, 1, {}};
  std::vector<float> input(static_cast<size_t>(outputs.columns));
  for (int64_t i = 0; i < outputs.rows; ++i) {
    inputs.fill(i, 0, input);
    scores.values.push_back(anomaly_score(input, outputs.row(i)));
  }
  return scores;
}

// Share of the windows of some class, or of all normal ones, whose score is above the threshold.
Share share_above(const std::vector<float>& scores, double threshold, const std::vector<uint8_t>& counted,
                  const BootstrapConfig& bootstrap) {
  std::vector<uint8_t> above;
  for (const float score : scores) above.push_back(double{score} > threshold);
  return share_of(above, counted, bootstrap);
}

// What of a part lies above the threshold: false alarms, what is detected, and by label.
void add_alarms(const Dataset& dataset, const DataPart& part, const std::vector<float>& scores, double threshold,
                const BootstrapConfig& bootstrap, Json& json) {
  const auto above = [&](auto condition) {
    std::vector<uint8_t> counted;
    for (const DataWindow& window : part.windows) counted.push_back(condition(static_cast<size_t>(window.label)));
    return share_above(scores, threshold, counted, bootstrap);
  };
  json["threshold"] = threshold;
  const Share alarms = above([&](size_t label) { return dataset.normal[label] != 0; });
  const Share detected = above([&](size_t label) { return dataset.normal[label] == 0; });
  json["false_alarms"] = number_or_null(alarms.value), json["false_alarms_ci95"] = to_json(alarms.ci95);
  json["detected"] = number_or_null(detected.value), json["detected_ci95"] = to_json(detected.ci95);
  for (size_t c = 0; c < dataset.classes.size(); ++c) {
    const Share share = above([&](size_t label) { return label == c; });
    json["classes"].push_back({{"name", dataset.classes[c]},
                               {"normal", dataset.normal[c] != 0},
                               {"count", share.of},
                               {"above_threshold", number_or_null(share.value)},
                               {"ci95", to_json(share.ci95)}});
  }
}

Result<Json> anomaly_metrics(const Dataset& dataset, const DataPart& part, const OutputMatrix& outputs,
                             const std::optional<Thresholds>& thresholds, bool curves,
                             const BootstrapConfig& bootstrap) {
  std::vector<uint8_t> anomalous;
  for (const DataWindow& window : part.windows)
    anomalous.push_back(dataset.normal[static_cast<size_t>(window.label)] == 0);
  const int64_t anomalies = std::count(anomalous.begin(), anomalous.end(), 1);
  Json json = {{"count", part.size()}, {"normal", part.size() - anomalies}, {"anomalous", anomalies}};
  if (thresholds) add_alarms(dataset, part, outputs.values, thresholds->values[0], bootstrap, json);
  if (anomalies == 0 || anomalies == part.size()) {
    for (const char* area : {"auc", "pauc", "equal_error_rate"}) json[area] = nullptr;
    return json;
  }
  MOTE_TRY(const RocMetrics roc, roc_metrics(anomalous, outputs.values, bootstrap));
  json.update(to_json(roc));
  if (curves) json["curves"] = Json::array({curve_json("anomalous", roc.curve)});
  return json;
}

Result<Json> class_metrics(const Dataset& dataset, const DataPart& part, const OutputMatrix& outputs,
                           const std::optional<Thresholds>& thresholds, bool curves, const BootstrapConfig& bootstrap) {
  const int32_t classes = static_cast<int32_t>(dataset.classes.size());
  if (outputs.columns != classes)
    return input_error(
        fmt::format("the model has {} outputs; the data have {} classes", outputs.columns, dataset.classes.size()));
  const std::vector<int32_t> truth = window_labels(part);
  const std::vector<int32_t> predictions = predicted_classes<float>(outputs.values, classes);
  MOTE_TRY(const ClassificationMetrics metrics, classification_metrics(truth, predictions, classes, bootstrap));
  MOTE_TRY(const OneVsRest areas, one_vs_rest(truth, outputs.values, classes, bootstrap));
  Json json = to_json(metrics, areas, dataset.classes);
  if (thresholds) {
    MOTE_TRY(const AcceptanceMetrics accepted,
             acceptance_metrics(truth, outputs.values, thresholds->values, thresholds->rejected, bootstrap));
    json["thresholds"] = to_json(accepted, thresholds->values, dataset.classes);
  }
  for (size_t c = 0; c < dataset.classes.size() && curves; ++c)
    if (!areas.curve[c].empty()) json["curves"].push_back(curve_json(dataset.classes[c], areas.curve[c]));
  return json;
}

Result<int32_t> rejected_class(const ProjectConfig& project, const Dataset& dataset) {
  const std::string& name = project.goal.rejected;
  const auto& names = dataset.classes;
  if (name.empty()) return kNothing;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<int32_t>(found - names.begin());
  return input_error(fmt::format("{}: the data have no class '{}'; did you mean '{}'? Classes: {}",
                                 project.where("goal.rejected"), name, nearest_name(name, names),
                                 fmt::join(names, ", ")));
}

Json to_json(const PairedTest& test, const std::string& first, const std::string& second, bool classification) {
  Json json = {{"first", first},
               {"second", second},
               {"metric", classification ? "accuracy" : "mae"},
               {"test", classification ? "McNemar, exact" : "paired bootstrap"},
               {"difference", test.difference},
               {"ci95", to_json(test.difference_ci95)},
               {"p", test.p}};
  if (classification) json.update({{"only_first", test.only_first}, {"only_second", test.only_second}});
  return json;
}

Result<Json> compare(const Dataset& dataset, const DataPart& part, const std::pair<std::string, OutputMatrix>& first,
                     const std::pair<std::string, OutputMatrix>& second) {
  const std::vector<int64_t> groups = window_groups(dataset, part);
  const BootstrapConfig bootstrap{.groups = groups};
  const bool classification = dataset.task == DataTask::classification;
  PairedTest test;
  if (classification) {
    const auto classes = static_cast<int32_t>(dataset.classes.size());
    MOTE_TRY(test, compare_classifiers(window_labels(part), predicted_classes<float>(first.second.values, classes),
                                       predicted_classes<float>(second.second.values, classes), bootstrap));
  } else {
    MOTE_TRY(test, compare_regressors(part.targets, first.second.values, second.second.values,
                                      static_cast<int32_t>(dataset.targets.size()), bootstrap));
  }
  return to_json(test, first.first, second.first, classification);
}

// Of each two forms. There is no paired test of areas under curves: nothing for anomaly detection.
Result<Json> comparisons_of(const Dataset& dataset, const DataPart& part,
                            const std::vector<std::pair<std::string, OutputMatrix>>& outputs) {
  Json comparisons = Json::array();
  if (dataset.task == DataTask::anomaly) return comparisons;
  for (size_t second = 1; second < outputs.size(); ++second)
    for (size_t first = 0; first < second; ++first) {
      MOTE_TRY(Json comparison, compare(dataset, part, outputs[first], outputs[second]));
      comparisons.push_back(std::move(comparison));
    }
  return comparisons;
}

// {FORM: {PART: metrics}, "comparisons": {PART: [...]}}
Result<Json> parts_metrics(const Loaded& loaded, const std::vector<JudgedForm>& forms) {
  const Dataset& dataset = loaded.dataset;
  const std::pair<const char*, const DataPart*> parts[] = {
      {"train", &dataset.train}, {"validation", &dataset.validation}, {"test", &dataset.test}};
  const DataPart* judged = nullptr;
  for (const auto& [name, part] : parts)
    if (part->size() > 0) judged = part;
  Json metrics = Json::object();
  for (const auto& [name, part] : parts) {
    if (part->size() == 0) continue;
    std::vector<std::pair<std::string, OutputMatrix>> outputs;
    for (const JudgedForm& form : forms) {
      MOTE_TRY(OutputMatrix matrix, form.outputs(loaded, *part));
      MOTE_TRY(metrics[form.name][name], part_metrics(dataset, *part, matrix, form.thresholds, part == judged));
      outputs.emplace_back(form.name, std::move(matrix));
    }
    MOTE_TRY(metrics["comparisons"][name], comparisons_of(dataset, *part, outputs));
  }
  return metrics;
}

// What the file carries; no thresholds when it carries none.
Result<OperatingPoint> carried_point(const ProjectConfig& project, const Loaded& loaded, const JudgedModel& model) {
  MOTE_TRY(const Graph graph, read_tflite(model.name, model.bytes));
  MOTE_TRY(const std::optional<ModelMetadata> metadata, model_metadata(graph));
  OperatingPoint point;
  if (!metadata) return point;
  point.decision = metadata->decision;
  if (metadata->thresholds.empty()) return point;
  const size_t wanted = project.task == DataTask::classification ? loaded.dataset.classes.size() : 1;
  if (metadata->thresholds.size() != wanted)
    return input_error(
        fmt::format("{}: carries {} thresholds; expected {}", model.name, metadata->thresholds.size(), wanted));
  MOTE_TRY(const int32_t rejected, rejected_class(project, loaded.dataset));
  point.thresholds = Thresholds{metadata->thresholds, rejected};
  return point;
}

// What the firmware goes by when it runs the model.
Result<OperatingPoint> operating_point(const ProjectConfig& project, const Loaded& loaded, const JudgedModel& model,
                                       bool choose_again, const Int8Executor& executor, ThreadPool& pool) {
  if (choose_again) return choose_operating_point(project, loaded, executor, pool);
  MOTE_TRY(OperatingPoint point, carried_point(project, loaded, model));
  if (!point.thresholds) {
    MOTE_TRY(point.thresholds, choose_thresholds(project, loaded, int8_form(executor, pool)));
  }
  return point;
}

// Of the parts that decisions are chosen and judged on.
Result<void> add_decisions(const ProjectConfig& project, const Loaded& loaded, const Int8Executor& model,
                           const OperatingPoint& point, ThreadPool& pool, Json& parts) {
  if (!judges_decisions(project)) return {};
  for (const auto& [name, part] :
       {std::pair{"validation", &loaded.dataset.validation}, {"test", &loaded.dataset.test}}) {
    if (part->size() == 0) continue;
    MOTE_TRY(std::optional<Json> decisions, decision_metrics(project, loaded, *part, model, point, pool));
    if (decisions) parts[name]["decision"] = std::move(*decisions);
  }
  return {};
}

Result<void> check_validation(const ProjectConfig& project, const Dataset& dataset) {
  const bool anomaly = project.task == DataTask::anomaly;
  if (dataset.validation.size() > 0 || (!anomaly && !project.goal.false_accepts)) return {};
  return input_error(
      fmt::format("{}: thresholds are chosen on the validation part, which is empty: give it a share in "
                  "[data] split",
                  project.where(anomaly ? "goal.false_alarms" : "goal.false_accepts")));
}

// The area under the ROC curve needs windows of both kinds.
Result<void> check_anomalies(const ProjectConfig& project, const Dataset& dataset) {
  if (project.task != DataTask::anomaly || !project.goal.auc) return {};
  const DataPart& judged = dataset.test.size() > 0 ? dataset.test : dataset.validation;
  int64_t normal = 0;
  for (const DataWindow& window : judged.windows) normal += dataset.normal[static_cast<size_t>(window.label)];
  if (normal > 0 && normal < judged.size()) return {};
  return input_error(
      fmt::format("{}: the test part has {} normal and {} anomalous windows; expected both: change "
                  "[data] split, or record what is missing",
                  project.where("goal.auc"), normal, judged.size() - normal));
}

}  // namespace

Result<void> check_judging(const ProjectConfig& project, const Loaded& loaded) {
  MOTE_CHECK(check_validation(project, loaded.dataset));
  MOTE_CHECK(rejected_class(project, loaded.dataset));
  MOTE_CHECK(check_anomalies(project, loaded.dataset));
  MOTE_CHECK(check_decision_data(project, loaded));
  return check_conditions(project, loaded);
}

OutputsOf float_form(const Graph& graph, ThreadPool& pool) {
  return [&](const Loaded& loaded, const DataPart& part) -> Result<OutputMatrix> {
    const WindowInputs inputs(loaded, part);
    MOTE_TRY(OutputMatrix outputs, float_outputs(graph, inputs, pool));
    return loaded.dataset.task == DataTask::anomaly ? scores_of(outputs, inputs) : std::move(outputs);
  };
}

OutputsOf int8_form(const Int8Executor& executor, ThreadPool& pool) {
  return [&](const Loaded& loaded, const DataPart& part) -> Result<OutputMatrix> {
    const TensorType input = executor.input_type(0);
    const bool anomaly = loaded.dataset.task == DataTask::anomaly;
    if (input.dtype == DType::float32) {
      const WindowInputs inputs(loaded, part);
      MOTE_TRY(OutputMatrix outputs, int8_outputs(executor, inputs, pool));
      return anomaly ? scores_of(outputs, inputs) : std::move(outputs);
    }
    MOTE_TRY(const std::vector<uint8_t> bytes, stored_inputs(loaded, part, input));
    if (anomaly) {
      MOTE_TRY(const std::vector<uint8_t> outputs, run_batch(executor, bytes, part.size(), pool, Rows::examples));
      MOTE_TRY(std::vector<float> scores, anomaly_scores(executor, bytes, outputs, part.size()));
      return OutputMatrix{part.size(), 1, std::move(scores)};
    }
    const size_t row = static_cast<size_t>(input.bytes());
    const FillInput fill = [&](int64_t example, std::span<uint8_t> target) {
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(example) * row), row, target.begin());
    };
    return int8_outputs(executor, part.size(), fill, pool);
  };
}

Result<std::optional<Thresholds>> choose_thresholds(const ProjectConfig& project, const Loaded& loaded,
                                                    const OutputsOf& outputs_of) {
  const Dataset& dataset = loaded.dataset;
  const bool anomaly = project.task == DataTask::anomaly;
  if (!anomaly && !project.goal.false_accepts) return std::optional<Thresholds>();
  MOTE_CHECK(check_validation(project, dataset));
  MOTE_TRY(const OutputMatrix outputs, outputs_of(loaded, dataset.validation));
  if (anomaly) {
    MOTE_TRY(const double threshold, anomaly_threshold(outputs.values, project.goal.false_alarms.value_or(0.01)));
    return std::optional<Thresholds>({{threshold}, kNothing});
  }
  MOTE_TRY(const int32_t rejected, rejected_class(project, dataset));
  MOTE_TRY(std::vector<double> values,
           choose_thresholds(window_labels(dataset.validation), outputs.values, static_cast<int32_t>(outputs.columns),
                             rejected, *project.goal.false_accepts));
  return std::optional<Thresholds>({std::move(values), rejected});
}

Result<Json> part_metrics(const Dataset& dataset, const DataPart& part, const OutputMatrix& outputs,
                          const std::optional<Thresholds>& thresholds, bool curves) {
  const std::vector<int64_t> groups = window_groups(dataset, part);
  const BootstrapConfig bootstrap{.groups = groups};
  Json json;
  if (dataset.task == DataTask::classification) {
    MOTE_TRY(json, class_metrics(dataset, part, outputs, thresholds, curves, bootstrap));
  } else if (dataset.task == DataTask::anomaly) {
    MOTE_TRY(json, anomaly_metrics(dataset, part, outputs, thresholds, curves, bootstrap));
  } else {
    MOTE_TRY(const RegressionMetrics metrics,
             regression_metrics(part.targets, outputs.values, static_cast<int32_t>(dataset.targets.size()), bootstrap));
    json = to_json(metrics, dataset.targets);
  }
  json["groups"] = std::set<int64_t>(groups.begin(), groups.end()).size();
  return json;
}

Result<Json> evaluate(const ProjectConfig& project, const Loaded& loaded, const ModelsToJudge& judged, int threads) {
  ThreadPool pool(threads);
  std::vector<JudgedForm> forms;
  if (judged.float_graph != nullptr) {
    JudgedForm form{"float", float_form(*judged.float_graph, pool), {}};
    MOTE_TRY(form.thresholds, choose_thresholds(project, loaded, form.outputs));
    forms.push_back(std::move(form));
  }
  std::vector<std::unique_ptr<Int8Executor>> executors;
  std::vector<OperatingPoint> points;
  for (const JudgedModel& model : judged.models) {
    MOTE_TRY(Int8Executor executor, Int8Executor::create(model.name, model.bytes));
    executors.push_back(std::make_unique<Int8Executor>(std::move(executor)));
    MOTE_TRY(OperatingPoint point,
             operating_point(project, loaded, model, judged.choose_again, *executors.back(), pool));
    forms.push_back({model.form, int8_form(*executors.back(), pool), point.thresholds});
    points.push_back(std::move(point));
  }
  MOTE_TRY(Json metrics, parts_metrics(loaded, forms));
  for (size_t i = 0; i < points.size(); ++i)
    MOTE_CHECK(add_decisions(project, loaded, *executors[i], points[i], pool, metrics[judged.models[i].form]));
  MOTE_TRY(Json conditions, condition_metrics(project, loaded, forms));
  if (!conditions.empty()) metrics["conditions"] = std::move(conditions);
  return metrics;
}

Json to_json(const LayerErrors& errors) {
  Json layers = Json::array();
  for (const LayerError& each : errors.layers)
    layers.push_back({{"layer", each.layer},
                      {"op", each.op},
                      {"sqnr_db", std::isfinite(each.sqnr_db) ? Json(each.sqnr_db) : Json()},
                      {"max_abs", each.max_abs},
                      {"max_abs_lsb", each.max_abs_lsb},
                      {"mean_lsb", each.mean_lsb},
                      {"saturated", each.saturated}});
  const bool known = errors.worst >= 0;
  return {{"examples", errors.examples},
          {"worst", known ? Json(errors.layers[static_cast<size_t>(errors.worst)].layer) : Json()},
          {"layers", std::move(layers)}};
}

Json to_json(const MetricGoals& goals) {
  Json json = Json::object();
  for (const auto& [name, bar] : goals.bars()) json[name] = bar;
  return json;
}

Json to_json(const Goal& goal) {
  Json json = to_json(static_cast<const MetricGoals&>(goal));
  if (goal.false_accepts) json["false_accepts"] = *goal.false_accepts;
  if (!goal.rejected.empty()) json["rejected"] = goal.rejected;
  if (goal.false_alarms) json["false_alarms"] = *goal.false_alarms;
  return json;
}

const char* judged_part(const Json& metrics_by_part) {
  return metrics_by_part.contains("test") ? "test" : metrics_by_part.contains("validation") ? "validation" : "train";
}

}  // namespace mote
