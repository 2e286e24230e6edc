#include "cli/pipeline/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "cli/pipeline/metrics.h"
#include "toolchain/report/format.h"
#include "toolchain/report/metric_names.h"

namespace mote {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

using Formatter = std::string (*)(double);

BudgetLine line(std::string name, double value, std::optional<double> limit, Formatter format) {
  return {std::move(name), value, limit, format(value), limit ? format(*limit) : "no limit"};
}

double smaller(const std::optional<double>& budget, double board) {
  return std::min(budget.value_or(board), board);
}

double number_at(const Json& measurement, const char* group, const char* key) {
  const auto found = measurement.find(group);
  if (found == measurement.end() || !found->contains(key) || !(*found)[key].is_number()) return kUnknown;
  return (*found)[key].get<double>();
}

Result<void> refuse(const ProjectConfig& project, const char* key, const std::string& what) {
  return input_error(fmt::format("{}: no model can meet this budget: {}; raise it", project.where(key), what));
}

}  // namespace

std::vector<BudgetLine> budget_lines(const Budget& budget, const Board& board, const Json& measurement) {
  const bool ran = measurement.value("fits", true);
  const double seconds = ran ? number_at(measurement, "latency", "ms") / 1e3 : kUnknown;
  const double watts = ran ? number_at(measurement, "power", "average_mw") / 1e3 : kUnknown;
  const double model = measurement.value("model_bytes", 0.0);
  return {{"model", model, std::nullopt, format_bytes(model), ""},
          line("flash", number_at(measurement, "flash_bytes", "total"), smaller(budget.flash, board.flash_bytes.value),
               format_bytes),
          line("RAM", number_at(measurement, "ram_bytes", "total"), smaller(budget.ram, board.ram_bytes.value),
               format_bytes),
          line("latency", seconds, budget.latency, format_seconds),
          line("power", watts, budget.power, format_watts)};
}

Result<void> check_possible(const ProjectConfig& project, const Board& board, const Json& measurement,
                            int64_t input_elements, double period_seconds) {
  const Budget& budget = project.budget;
  const double engine = number_at(measurement, "flash_bytes", "engine");
  if (budget.flash && engine > *budget.flash)
    return refuse(
        project, "budget.flash",
        fmt::format("{} is less than the engine alone, {}", format_bytes(*budget.flash), format_bytes(engine)));
  const double ram = number_at(measurement, "ram_bytes", "static") + static_cast<double>(input_elements);
  if (budget.ram && ram > *budget.ram)
    return refuse(project, "budget.ram",
                  fmt::format("{} is less than the model's input and the engine's own data, {}",
                              format_bytes(*budget.ram), format_bytes(ram)));
  const double fastest = static_cast<double>(input_elements) / board.clock_hz.value;
  if (budget.latency && fastest > *budget.latency)
    return refuse(project, "budget.latency",
                  fmt::format("{} is less than one cycle for each of the {} inputs takes, {}",
                              format_seconds(*budget.latency), input_elements, format_seconds(fastest)));
  const double asleep = power_figures(board, fastest, period_seconds).average_milliwatts / 1e3;
  if (budget.power && asleep > *budget.power)
    return refuse(project, "budget.power",
                  fmt::format("{} is less than {} draws with the shortest possible inference, {}",
                              format_watts(*budget.power), board.title, format_watts(asleep)));
  return {};
}

namespace {

// What of `goals` these metrics miss; `where` = "on the test part".
void add_shortfalls(const MetricGoals& goals, const Json& metrics, const std::string& where, Json& short_of) {
  for (const auto& [name, bar] : goals.bars()) {
    const bool known = metrics.contains(name) && metrics.at(name).is_number();
    const double value = known ? metrics.at(name).get<double>() : kUnknown;
    const bool higher = find_metric(name)->higher_is_better;
    if (higher ? value >= bar : value <= bar) continue;
    short_of.push_back(fmt::format("{} {} {}, goal {} {}", name, known ? format_number(value) : "is not defined", where,
                                   higher ? "at least" : "at most", format_number(bar)));
  }
}

// The rate that was chosen on validation varies on other windows: it is missed when its interval lies above it. A mean
// of several trainings has no interval, and is not judged by it.
void add_false_alarms(double wanted, const Json& metrics, const std::string& where, Json& short_of) {
  if (!metrics.contains("false_alarms_ci95") || !metrics.at("false_alarms").is_number()) return;
  const double low = metrics.at("false_alarms_ci95").at(0).get<double>();
  const double high = metrics.at("false_alarms_ci95").at(1).get<double>();
  if (low > wanted)
    short_of.push_back(fmt::format("false alarms {} {} (95 % interval {} to {}), goal at most {}",
                                   format_percent(metrics.at("false_alarms").get<double>()), where, format_percent(low),
                                   format_percent(high), format_percent(wanted)));
}

}  // namespace

Json verdict(const Goal& goal, const Json& metrics, const Json& conditions, const std::vector<BudgetLine>& lines) {
  const std::string part = judged_part(metrics);
  const std::string where = "on the " + part + " part";
  Json short_of = Json::array();
  add_shortfalls(goal, metrics.at(part), where, short_of);
  if (goal.false_alarms) add_false_alarms(*goal.false_alarms, metrics.at(part), where, short_of);
  for (size_t i = 0; i < conditions.size(); ++i)
    add_shortfalls(goal.conditions.at(i).goals, conditions[i].at("int8"),
                   fmt::format("in condition '{}'", goal.conditions[i].name), short_of);
  const bool goal_met = short_of.empty();
  bool within_budget = true;
  for (const BudgetLine& each : lines) {
    if (each.fits()) continue;
    within_budget = false;
    short_of.push_back(fmt::format("{} {}, budget {}", each.name, each.value_text, each.limit_text));
  }
  return {{"goal_met", goal_met}, {"within_budget", within_budget}, {"short_of", std::move(short_of)}};
}

}  // namespace mote
