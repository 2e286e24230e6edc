// The rule by which firmware makes events of a model's answers ([decision]): what it is, how it is chosen on the
// validation part, and what comes of it on the recordings of a part.
#pragma once
#include <optional>

#include "cli/pipeline/metrics.h"
#include "toolchain/quantize/int8_executor.h"
#include "toolchain/tflite/metadata.h"

namespace mote {

// Of [decision], without what is to be chosen. Errors stand at the key: no rate, a class that the data lack.
Result<DecisionRule> decision_rule(const ProjectConfig& project, const Dataset& dataset);

// What the firmware goes by, and the model carries.
struct OperatingPoint {
  std::optional<Thresholds> thresholds;
  DecisionRule decision;
};
// For the int8 model: by [decision] false_per_hour if that is stated, else thresholds as choose_thresholds() chooses.
Result<OperatingPoint> choose_operating_point(const ProjectConfig& project, const Loaded& loaded,
                                              const Int8Executor& model, ThreadPool& pool);

// With [decision] false_per_hour: there are recordings to choose on.
Result<void> check_decision_data(const ProjectConfig& project, const Loaded& loaded);

// Whether the project asks for decisions to be judged.
bool judges_decisions(const ProjectConfig& project);

// The rule on the recordings of a part, as the firmware would hear them:
// {"rule": {"smoothing", "debounce", "refractory_s", "ignored": [...]}, "streams", "hours", "too_short", "all":
// {"events",
//  "detected": {"count", "of", "rate", "ci95"}, "right", "false", "false_per_hour", "false_per_hour_ci95",
//  "latency_s": {"median", "p90", "largest"} or null}, "labels": [{"name", ...as all}]}.
// Nothing where there is no time (images, tables, a split of single windows) or the firmware has no such rule.
Result<std::optional<Json>> decision_metrics(const ProjectConfig& project, const Loaded& loaded, const DataPart& part,
                                             const Int8Executor& model, const OperatingPoint& point, ThreadPool& pool);

}  // namespace mote
