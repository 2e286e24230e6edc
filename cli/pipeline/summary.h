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
std::string fits_line(const std::vector<BudgetLine>& lines);                     // "fits" or "does not fit: ..."
std::string train_line(const Json& training, bool classification, bool reused);  // result of the train step
std::string quantize_line(const Json& quantization);                             // result of the quantize step
// Goal, float and int8 side by side, with 95 % intervals, in all conditions. `metrics`: metrics.json.
enum class Detail { judged, all };  // the metric that runs are judged by, or every one
std::string quality_table(const Json& metrics, Detail detail = Detail::judged);
std::string conditions_table(const Json& metrics);
std::string threshold_table(const Json& part);  // of the judged part: thresholds and what they do
std::string layer_table(const Json& layer_errors);
std::string verdict_line(const Json& metrics);

}  // namespace mote
