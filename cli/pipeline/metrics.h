// How good a model's outputs are on the parts of the data and in harder conditions, as metrics.json holds it.
#pragma once
#include <optional>
#include <vector>

#include "cli/pipeline/windows.h"
#include "cli/project/project.h"
#include "toolchain/base/json.h"
#include "toolchain/quantize/layer_error.h"
#include "toolchain/train/thresholds.h"

namespace mote {

// What a model says of the windows of a part, a row for each: its outputs, or for anomaly detection one anomaly score.
using OutputsOf = std::function<Result<OutputMatrix>(const Loaded& loaded, const DataPart& part)>;
OutputsOf float_form(const Graph& graph, ThreadPool& pool);
// The int8 model fed as the firmware is. `executor` must outlive it.
OutputsOf int8_form(const Int8Executor& executor, ThreadPool& pool);

// By which outputs count as an answer. Not stated: the largest always does.
struct Thresholds {
  std::vector<double> values;  // one for each class, or one for anomaly
  int32_t rejected = kNothing;
};

// Whether the data are enough to judge the model by what the project asks for; said before training. Errors stand at
// the key: no validation part to choose thresholds on, a class that the data lack, no anomaly in the judged part, noise
// that cannot be mixed in.
Result<void> check_judging(const ProjectConfig& project, const Loaded& loaded);

// Chosen on the validation part: for classification when [goal] false_accepts asks for it, for anomaly detection
// always. Errors stand at the key: no validation part, a class that the data lack.
Result<std::optional<Thresholds>> choose_thresholds(const ProjectConfig& project, const Loaded& loaded,
                                                    const OutputsOf& outputs);

// Classification: {"count", "accuracy", "ci95": [low, high], "balanced_accuracy", "macro_f1", "auc", "classes": [...],
// "confusion"}, with thresholds also "thresholds". Regression: {"count", "mae", "rmse", "r2", "mae_ci95", ...}, of
// several targets also "targets".
// Anomaly: {"count", "normal", "anomalous", "threshold", "false_alarms", "detected", "auc", "pauc", "classes"}.
// With `curves` also "curves".
Result<Json> part_metrics(const Dataset& dataset, const DataPart& part, const OutputMatrix& outputs,
                          const std::optional<Thresholds>& thresholds, bool curves);

// A .tflite among those that are judged side by side.
struct JudgedModel {
  std::string form;  // key in metrics.json: "int8", "ptq", "qat"
  std::string name;  // what messages call the file
  std::vector<uint8_t> bytes;
};

// Metrics of the float graph, if there is one, and of the models on every part that has windows: {"float":
// {"validation", "test"}, FORM: {...}}; "comparisons" of each two of them: {"test": [{"first", "second", "metric",
// "difference", "ci95", "p"}]}; and of the judged part in every condition of the goal: "conditions": [...]. A model
// keeps the thresholds and the decision rule that it carries unless `choose_again`. With [decision] also "decision" of
// the int8 models on validation and test (decisions.h).
struct ModelsToJudge {
  const Graph* float_graph = nullptr;
  std::vector<JudgedModel> models;
  bool choose_again = false;
};
Result<Json> evaluate(const ProjectConfig& project, const Loaded& loaded, const ModelsToJudge& judged, int threads);

Json to_json(const LayerErrors& errors);
Json to_json(const MetricGoals& goals);
Json to_json(const Goal& goal);

// The part that goals are judged on: test, or validation when there is no test part.
const char* judged_part(const Json& metrics_by_part);

}  // namespace mote
