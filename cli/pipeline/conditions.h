// The judged part in harder situations: [[goal.condition]].
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/pipeline/metrics.h"

namespace mote {

struct JudgedForm {
  std::string name;  // "float", "int8"
  OutputsOf outputs;
  std::optional<Thresholds> thresholds;
};

// [{"name", "noise", "snr_db", "part", "goal": {"accuracy"}, "float": {...}, "int8": {...}}], one for each condition of
// the goal, with the metrics of the judged part under its noise. The noise follows from the project's seed.
Result<Json> condition_metrics(const ProjectConfig& project, const Loaded& loaded,
                               const std::vector<JudgedForm>& forms);

// The noise of every condition can be read and mixed into the data's windows.
Result<void> check_conditions(const ProjectConfig& project, const Loaded& loaded);

// Every recording of noise that the conditions name: what their metrics depend on. An error names a pattern that
// matches none.
Result<std::vector<std::filesystem::path>> noise_files(const ProjectConfig& project);

}  // namespace mote
