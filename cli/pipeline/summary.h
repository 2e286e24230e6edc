// What build and train say to people.
#pragma once
#include <string>
#include <vector>

#include "cli/pipeline/pipeline.h"
#include "cli/pipeline/verdict.h"

namespace mote {

std::string heading(const ProjectConfig& project, const Board& board);
std::string data_lines(const Json& data, const ProjectConfig& project);  // result of the data step
std::string budget_table(const std::string& board, const std::vector<BudgetLine>& lines);
std::string fits_line(const std::vector<BudgetLine>& lines);  // "fits" or "does not fit: ..."
// Result of the train step, or of the training of another step, whose line begins with `name`.
std::string train_line(const std::string& name, const Json& training, bool classification, bool reused);
std::string quantize_line(const Json& quantization);  // result of the quantize step
// Goal, float and int8 (one for each way of quantization) side by side, with 95 % intervals, in all conditions, and
// what could be chance. `metrics`: metrics.json.
enum class Detail { judged, all };  // the metric that runs are judged by, or every one
std::string quality_table(const Json& metrics, Detail detail = Detail::judged);
std::string conditions_table(const Json& metrics);
std::string threshold_table(const Json& part);  // of the judged part: thresholds and what they do
std::string decision_table(const Json& part);   // what the firmware reports over time, of a part with "decision"
// The error of each layer's output, and what the layer costs by itself, where that is known.
std::string layer_table(const Json& layer_errors, const Json& layer_costs);
std::string verdict_line(const Json& metrics);

}  // namespace mote
