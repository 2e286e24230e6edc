#include "cli/pipeline/summary.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/pipeline/metrics.h"
#include "toolchain/report/format.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr int kBarCells = 20;

int64_t windows_of(const Json& data, const char* part) {
  const Json& parts = data.at("parts");
  return parts.contains(part) ? parts.at(part).at("windows").get<int64_t>() : 0;
}

// One value of metrics.json with its interval: "97.3 % (95.1 - 98.9)".
std::string with_interval(const Json& metrics, const std::string& name) {
  if (!metrics.contains(name) || !metrics.at(name).is_number()) return "-";
  const bool share = name == "accuracy";
  const double value = metrics.at(name).get<double>();
  const std::string interval_key = share ? "ci95" : name + "_ci95";
  const std::string text = share ? format_percent(value) : format_number(value);
  if (!metrics.contains(interval_key)) return text;
  const double low = metrics.at(interval_key).at(0).get<double>();
  const double high = metrics.at(interval_key).at(1).get<double>();
  if (share) return fmt::format("{} ({:.1f} - {:.1f})", text, 100 * low, 100 * high);
  return fmt::format("{} ({} - {})", text, format_number(low), format_number(high));
}

std::string goal_text(const std::string& name, const Json& goal) {
  if (!goal.contains(name)) return "";
  const double value = goal.at(name).get<double>();
  return name == "accuracy" ? format_percent(value) : format_number(value);
}

std::string note_lines(const Json& step) {
  std::string text;
  for (const Json& note : step.value("notes", Json::array())) text += "            " + note.get<std::string>() + "\n";
  return text;
}

}  // namespace

std::string heading(const ProjectConfig& project, const Board& board) {
  return fmt::format("{}: {} on {}, seed {}\n\n", project.name,
                     project.task == DataTask::classification ? "classification" : "regression", board.title,
                     project.seed);
}

std::string data_lines(const Json& data, const ProjectConfig& project) {
  const bool classification = project.task == DataTask::classification;
  const Json& names = data.at(classification ? "classes" : "targets");
  const bool table = data.at("contract").at("rate_hz").get<double>() == 0;
  const int64_t train = windows_of(data, "train"), validation = windows_of(data, "validation"),
                test = windows_of(data, "test");
  std::string text = fmt::format("  data      {} {}{}; {} {}: {} train, {} validation, {} test\n", names.size(),
                                 classification ? "class" : "target",
                                 names.size() == 1 ? ""
                                 : classification  ? "es"
                                                   : "s",
                                 format_count(train + validation + test), table ? "rows" : "windows",
                                 format_count(train), format_count(validation), format_count(test));
  text += note_lines(data);
  return text + fmt::format("  model     {}: {} parameters, {} MACs\n", fmt::join(project.layers, ", "),
                            format_count(data.at("parameters").get<int64_t>()),
                            format_count(data.at("macs").get<int64_t>()));
}

std::string budget_table(const std::string& board, const std::vector<BudgetLine>& lines) {
  Table table({board, "measured", "budget", ""}, {Align::left, Align::right, Align::right, Align::left});
  for (const BudgetLine& each : lines) {
    const bool known = std::isfinite(each.value) && each.limit;
    const std::string used = !known ? ""
                                    : fmt::format("{} {}", bar(each.value / *each.limit, kBarCells),
                                                  format_percent(each.value / *each.limit));
    table.row({each.name, each.value_text, each.limit_text, used + (each.fits() ? "" : "  over")});
  }
  return table.text();
}

std::string fits_line(const std::vector<BudgetLine>& lines) {
  std::string over;
  for (const BudgetLine& each : lines)
    if (!each.fits())
      over += (over.empty() ? "" : ", ") + fmt::format("{} {} of {}", each.name, each.value_text, each.limit_text);
  return over.empty() ? "fits" : "does not fit: " + over;
}

std::string train_line(const Json& training, bool classification, bool reused) {
  const int64_t best = training.at("best_epoch").get<int64_t>();
  std::string detail;
  for (const Json& epoch : training.at("history")) {
    if (epoch.at("epoch").get<int64_t>() != best || !epoch.at("validation_loss").is_number()) continue;
    const double metric = epoch.at("validation_metric").get<double>();
    detail =
        fmt::format("; best {}: validation loss {:.4f}, {}", best, epoch.at("validation_loss").get<double>(),
                    classification ? "accuracy " + format_percent(metric) : format_number(metric) + " deviations off");
  }
  const std::string time =
      reused ? " (as before)"
             : fmt::format(" in {} and {} of memory", format_seconds(training.at("seconds").get<double>()),
                           format_bytes(training.at("planned_bytes").get<double>()));
  return fmt::format("  train     {} epochs{}{}{}\n{}", training.at("epochs").get<int64_t>(), time,
                     training.at("stopped_early").get<bool>() ? ", stopped early" : "", detail, note_lines(training));
}

std::string quantize_line(const Json& quantization) {
  const double bytes = quantization.at("int8_bytes").get<double>();
  const double ratio = bytes / quantization.at("float_bytes").get<double>();
  const Json& errors = quantization.at("layer_errors");
  std::string text = fmt::format("  quantize  int8, {}: {:.2f}x of the float file", format_bytes(bytes), ratio);
  for (const Json& layer : errors.at("layers"))
    if (layer.at("layer") == errors.at("worst") && layer.at("sqnr_db").is_number())
      text += fmt::format("; layer {} adds most error, {:.1f} dB SQNR", layer.at("layer").get<std::string>(),
                          layer.at("sqnr_db").get<double>());
  text += "\n";
  return text + note_lines(quantization);
}

std::string quality_table(const Json& metrics) {
  const std::string part = judged_part(metrics.at("int8"));
  const Json& goal = metrics.at("goal");
  const Json none = Json::object();
  const bool has_float = metrics.contains("float");
  const Json& float_part = has_float ? metrics.at("float").at(part) : none;
  const Json& int8_part = metrics.at("int8").at(part);
  const bool classification = int8_part.contains("accuracy");
  Table table({part + " part", "goal", "float (95 % interval)", "int8 (95 % interval)"},
              {Align::left, Align::right, Align::right, Align::right});
  const std::vector<std::string> names =
      classification ? std::vector<std::string>{"accuracy"} : std::vector<std::string>{"mae", "rmse", "r2"};
  for (const std::string& name : names)
    table.row({name, goal_text(name, goal), with_interval(float_part, name), with_interval(int8_part, name)});
  return table.text();
}

std::string layer_table(const Json& layer_errors) {
  Table table({"layer", "operator", "SQNR dB", "largest error", "in LSB", "mean LSB", "saturated"},
              {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right, Align::right});
  for (const Json& layer : layer_errors.at("layers")) {
    const std::string sqnr =
        layer.at("sqnr_db").is_number() ? fmt::format("{:.1f}", layer.at("sqnr_db").get<double>()) : "exact";
    table.row({layer.at("layer").get<std::string>(), layer.at("op").get<std::string>(), sqnr,
               format_number(layer.at("max_abs").get<double>()),
               fmt::format("{:.1f}", layer.at("max_abs_lsb").get<double>()),
               fmt::format("{:+.2f}", layer.at("mean_lsb").get<double>()),
               format_percent(layer.at("saturated").get<double>())});
  }
  return table.text();
}

std::string verdict_line(const Json& metrics) {
  const Json& verdict = metrics.at("verdict");
  const bool goal_met = verdict.at("goal_met").get<bool>();
  const bool within = verdict.at("within_budget").get<bool>();
  std::string text = fmt::format("  {}, {}.\n", goal_met ? "Goal met" : "Short of the goal",
                                 within ? "within budget" : "over the budget");
  for (const Json& each : verdict.at("short_of")) text += "    " + each.get<std::string>() + "\n";
  return text;
}

}  // namespace mote
