// How good a model's outputs are on one part of the data, as metrics.json holds it.
#pragma once
#include "cli/pipeline/windows.h"
#include "cli/project/project.h"
#include "toolchain/base/json.h"
#include "toolchain/quantize/layer_error.h"

namespace mote {

// Classification: {"count", "accuracy", "ci95": [low, high], "balanced_accuracy", "macro_f1", "classes": [...],
// "confusion"}. Regression: {"count", "mae", "rmse", "r2", "mae_ci95", ...}.
Result<Json> part_metrics(const Dataset& dataset, const DataPart& part, const OutputMatrix& outputs);

// A .tflite among those that are judged side by side.
struct JudgedModel {
  std::string form;  // key in metrics.json: "int8", "ptq", "qat"
  std::string name;  // what messages call the file
  std::vector<uint8_t> bytes;
};

// Metrics of the float graph, if there is one, and of the models on every part that has windows: {"float":
// {"validation", "test"}, FORM: {...}}, and "comparisons" of each two of them: {"test": [{"first", "second", "metric",
// "difference", "ci95", "p"}]}.
Result<Json> evaluate(const Loaded& loaded, const Graph* float_graph, const std::vector<JudgedModel>& models,
                      int threads);

Json to_json(const LayerErrors& errors);
Json to_json(const Goal& goal);

// The part that goals are judged on: test, or validation when there is no test part.
const char* judged_part(const Json& metrics_by_part);

}  // namespace mote
