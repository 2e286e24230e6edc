#include "cli/pipeline/metrics.h"

#include <cmath>
#include <set>
#include <utility>

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

Result<Json> parts_metrics(const Loaded& loaded,
                           const std::function<Result<OutputMatrix>(const DataPart&)>& outputs_of) {
  const Dataset& dataset = loaded.dataset;
  const std::pair<const char*, const DataPart*> parts[] = {
      {"train", &dataset.train}, {"validation", &dataset.validation}, {"test", &dataset.test}};
  Json metrics = Json::object();
  for (const auto& [name, part] : parts) {
    if (part->size() == 0) continue;
    MOTE_TRY(const OutputMatrix outputs, outputs_of(*part));
    MOTE_TRY(metrics[name], part_metrics(dataset, *part, outputs));
  }
  return metrics;
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

Result<Json> evaluate(const Loaded& loaded, const Graph* float_graph, const std::string& name,
                      const std::vector<uint8_t>& model, int threads) {
  ThreadPool pool(threads);
  Json metrics = Json::object();
  if (float_graph != nullptr) {
    MOTE_TRY(metrics["float"], parts_metrics(loaded, [&](const DataPart& part) {
               return float_outputs(*float_graph, WindowInputs(loaded, part), pool);
             }));
  }
  MOTE_TRY(const Int8Executor executor, Int8Executor::create(name, model));
  const TensorType input = executor.input_type(0);
  const auto outputs_of = [&](const DataPart& part) -> Result<OutputMatrix> {
    if (input.dtype == DType::float32) return int8_outputs(executor, WindowInputs(loaded, part), pool);
    MOTE_TRY(const std::vector<uint8_t> bytes, int8_inputs(loaded, part, input));
    const size_t row = static_cast<size_t>(input.bytes());
    const FillInput fill = [&](int64_t example, std::span<uint8_t> target) {
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(example) * row), row, target.begin());
    };
    return int8_outputs(executor, part.size(), fill, pool);
  };
  MOTE_TRY(metrics["int8"], parts_metrics(loaded, outputs_of));
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
