#include "cli/pipeline/metrics.h"

#include <cmath>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "toolchain/train/compare.h"
#include "toolchain/train/metrics.h"

namespace mote {
namespace {

Json to_json(const Interval& interval) {
  return {interval.low, interval.high};
}

Json to_json(const ClassificationMetrics& metrics, const std::vector<std::string>& names) {
  Json classes = Json::array();
  Json confusion = Json::array();
  const size_t n = names.size();
  for (size_t c = 0; c < n; ++c) {
    const ClassMetrics& each = metrics.classes[c];
    classes.push_back({{"name", names[c]},
                       {"count", each.count},
                       {"precision", each.precision},
                       {"recall", each.recall},
                       {"f1", each.f1}});
    const auto row = metrics.confusion.begin() + static_cast<std::ptrdiff_t>(c * n);
    confusion.push_back(std::vector<int64_t>(row, row + static_cast<std::ptrdiff_t>(n)));
  }
  return {{"count", metrics.count},
          {"accuracy", metrics.accuracy},
          {"ci95", to_json(metrics.accuracy_ci95)},
          {"balanced_accuracy", metrics.balanced_accuracy},
          {"balanced_accuracy_ci95", to_json(metrics.balanced_accuracy_ci95)},
          {"macro_f1", metrics.macro_f1},
          {"macro_f1_ci95", to_json(metrics.macro_f1_ci95)},
          {"classes", std::move(classes)},
          {"confusion", std::move(confusion)}};
}

Json to_json(const RegressionMetrics& metrics) {
  return {{"count", metrics.count},
          {"mae", metrics.mae},
          {"mae_ci95", to_json(metrics.mae_ci95)},
          {"rmse", metrics.rmse},
          {"rmse_ci95", to_json(metrics.rmse_ci95)},
          {"r2", metrics.r2},
          {"r2_ci95", to_json(metrics.r2_ci95)}};
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

using OutputsOf = std::function<Result<OutputMatrix>(const DataPart&)>;

Result<OutputsOf> outputs_of_model(const Loaded& loaded, const JudgedModel& model, ThreadPool& pool) {
  MOTE_TRY(Int8Executor opened, Int8Executor::create(model.name, model.bytes));
  const auto executor = std::make_shared<Int8Executor>(std::move(opened));
  return OutputsOf([&loaded, &pool, executor](const DataPart& part) -> Result<OutputMatrix> {
    const TensorType input = executor->input_type(0);
    if (input.dtype == DType::float32) return int8_outputs(*executor, WindowInputs(loaded, part), pool);
    MOTE_TRY(const std::vector<uint8_t> bytes, stored_inputs(loaded, part, input));
    const size_t row = static_cast<size_t>(input.bytes());
    const FillInput fill = [&](int64_t example, std::span<uint8_t> target) {
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(example) * row), row, target.begin());
    };
    return int8_outputs(*executor, part.size(), fill, pool);
  });
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

}  // namespace

Result<Json> part_metrics(const Dataset& dataset, const DataPart& part, const OutputMatrix& outputs) {
  const std::vector<int64_t> groups = window_groups(dataset, part);
  const BootstrapConfig bootstrap{.groups = groups};
  if (dataset.task == DataTask::classification) {
    const int32_t classes = static_cast<int32_t>(dataset.classes.size());
    if (outputs.columns != classes)
      return input_error("the model has " + std::to_string(outputs.columns) + " outputs; the data have " +
                         std::to_string(classes) + " classes");
    const std::vector<int32_t> predictions = predicted_classes<float>(outputs.values, classes);
    MOTE_TRY(ClassificationMetrics metrics,
             classification_metrics(window_labels(part), predictions, classes, bootstrap));
    if (metrics.accuracy_ci95.low == metrics.accuracy_ci95.high && !groups.empty()) {
      // No group has an error (or all are wrong), so drawing groups says nothing: take the groups as Wilson's trials.
      const int64_t trials = static_cast<int64_t>(std::set<int64_t>(groups.begin(), groups.end()).size());
      metrics.accuracy_ci95 = wilson_interval(std::llround(metrics.accuracy * static_cast<double>(trials)), trials);
    }
    return to_json(metrics, dataset.classes);
  }
  MOTE_TRY(const RegressionMetrics metrics,
           regression_metrics(part.targets, outputs.values, static_cast<int32_t>(dataset.targets.size()), bootstrap));
  return to_json(metrics);
}

Result<Json> evaluate(const Loaded& loaded, const Graph* float_graph, const std::vector<JudgedModel>& models,
                      int threads) {
  ThreadPool pool(threads);
  std::vector<std::pair<std::string, OutputsOf>> forms;
  if (float_graph != nullptr)
    forms.emplace_back(
        "float", [&](const DataPart& part) { return float_outputs(*float_graph, WindowInputs(loaded, part), pool); });
  for (const JudgedModel& model : models) {
    MOTE_TRY(OutputsOf outputs, outputs_of_model(loaded, model, pool));
    forms.emplace_back(model.form, std::move(outputs));
  }
  const Dataset& dataset = loaded.dataset;
  const std::pair<const char*, const DataPart*> parts[] = {
      {"train", &dataset.train}, {"validation", &dataset.validation}, {"test", &dataset.test}};
  Json metrics = Json::object();
  for (const auto& [name, part] : parts) {
    if (part->size() == 0) continue;
    std::vector<std::pair<std::string, OutputMatrix>> outputs;
    for (const auto& [form, outputs_of] : forms) {
      MOTE_TRY(OutputMatrix matrix, outputs_of(*part));
      MOTE_TRY(metrics[form][name], part_metrics(dataset, *part, matrix));
      outputs.emplace_back(form, std::move(matrix));
    }
    Json comparisons = Json::array();
    for (size_t second = 1; second < outputs.size(); ++second)
      for (size_t first = 0; first < second; ++first) {
        MOTE_TRY(Json comparison, compare(dataset, *part, outputs[first], outputs[second]));
        comparisons.push_back(std::move(comparison));
      }
    metrics["comparisons"][name] = std::move(comparisons);
  }
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

Json to_json(const Goal& goal) {
  Json json = Json::object();
  if (goal.accuracy) json["accuracy"] = *goal.accuracy;
  if (goal.mae) json["mae"] = *goal.mae;
  if (goal.rmse) json["rmse"] = *goal.rmse;
  if (goal.r2) json["r2"] = *goal.r2;
  return json;
}

const char* judged_part(const Json& metrics_by_part) {
  return metrics_by_part.contains("test") ? "test" : metrics_by_part.contains("validation") ? "validation" : "train";
}

}  // namespace mote
