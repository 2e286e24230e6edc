// Budgets and goals against what was measured.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/project/project.h"
#include "toolchain/base/json.h"
#include "toolchain/boards/boards.h"

namespace mote {

// One figure beside its limit.
struct BudgetLine {
  std::string name;             // "flash"
  double value = 0;             // bytes, s or W; NaN when it could not be measured (the image does not fit the board)
  std::optional<double> limit;  // of the budget or of the board, whichever is smaller
  std::string value_text, limit_text;
  bool fits() const { return !limit || value <= *limit; }
};

// Model size, flash, RAM, latency and power of a measurement (the JSON of toolchain/measure).
std::vector<BudgetLine> budget_lines(const Budget& budget, const Board& board, const Json& measurement);

// Refuses a budget that no model with this input can meet: less flash than the engine alone, less RAM than the model's
// input and the engine's own data, less time than one cycle per input element, less power than the sleeping board.
// `measurement` is that of the untrained model, `input_elements` the size of the model's input.
Result<void> check_possible(const ProjectConfig& project, const Board& board, const Json& measurement,
                            int64_t input_elements, double period_seconds);

// {"goal_met", "within_budget", "short_of": ["accuracy 0.91 < 0.92", ...]}. `metrics` = {"test": ...} of the int8
// model; `conditions` = "conditions" of metrics.json, empty when they were not judged.
Json verdict(const Goal& goal, const Json& metrics, const Json& conditions, const std::vector<BudgetLine>& lines);

}  // namespace mote
