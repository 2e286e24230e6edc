// The figures of toolchain/train as metrics.json holds them. What is not defined is null.
#pragma once
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/train/metrics.h"
#include "toolchain/train/roc.h"
#include "toolchain/train/thresholds.h"

namespace mote {

Json number_or_null(double value);
Json to_json(const Interval& interval);
Json to_json(const Share& share);

// {"count", "accuracy", "ci95", "balanced_accuracy", ..., "auc", "classes": [...], "confusion"}
Json to_json(const ClassificationMetrics& metrics, const OneVsRest& areas, const std::vector<std::string>& names);
// {"mae", "mae_ci95", "rmse", ..., "r2", ...}
Json to_json(const TargetMetrics& metrics);
// The same of all targets, and "count"; of several also "targets", each with its "name".
Json to_json(const RegressionMetrics& metrics, const std::vector<std::string>& names);
// {"auc", "auc_ci95", "pauc", "pauc_ci95", "equal_error_rate"}
Json to_json(const RocMetrics& metrics);
// {"false_accepts", "false_rejects", "classes": [{"name", "threshold", "false_accepts", "false_rejects"}]}
Json to_json(const AcceptanceMetrics& metrics, const std::vector<double>& thresholds,
             const std::vector<std::string>& names);
// {"name", "false_positives": [...], "true_positives": [...]}, at most 100 points
Json curve_json(const std::string& name, const std::vector<RocPoint>& curve);

}  // namespace mote
