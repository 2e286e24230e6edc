#include "cli/pipeline/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/pipeline/metrics.h"
#include "toolchain/report/decision_text.h"
#include "toolchain/report/format.h"
#include "toolchain/report/metric_names.h"
#include "toolchain/report/table.h"

namespace mote {
namespace {

constexpr int kBarCells = 20;

int64_t windows_of(const Json& data, const char* part) {
  const Json& parts = data.at("parts");
  return parts.contains(part) ? parts.at(part).at("windows").get<int64_t>() : 0;
}

std::string goal_text(const MetricName& metric, const Json& goal) {
  return goal.contains(metric.name) ? metric_text(metric, goal.at(metric.name).get<double>()) : "";
}

// "3 classes", "1 target", "7 labels, of which normal: normal".
std::string data_text(const Json& data, DataTask task) {
  const Json& names = data.at(task == DataTask::regression ? "targets" : "classes");
  const std::string many = names.size() == 1 ? "" : task == DataTask::classification ? "es" : "s";
  if (task == DataTask::classification) return fmt::format("{} class{}", names.size(), many);
  if (task == DataTask::regression) return fmt::format("{} target{}", names.size(), many);
  return fmt::format("{} label{}, normal: {}", names.size(), many,
                     fmt::join(data.at("normal").get<std::vector<std::string>>(), ", "));
}

std::string note_lines(const Json& step) {
  std::string text;
  for (const Json& note : step.value("notes", Json::array())) text += "            " + note.get<std::string>() + "\n";
  return text;
}

// "-0.4 points", "+0.013".
std::string change_text(const Json& cost) {
  const double change = cost.at("change").get<double>();
  if (cost.at("metric") == "accuracy") return fmt::format("{:+.1f} points", 100 * change);
  return (change < 0 ? "" : "+") + format_number(change);
}
std::string cost_text(const Json& cost) {
  return fmt::format("{} {}, outputs {} of their deviation off", cost.at("metric").get<std::string>(),
                     change_text(cost), format_percent(cost.at("output_error").get<double>()));
}

// "  int8 against float: -0.4 points (-1.0 to 0.1), p = 0.21 (McNemar, exact)".
std::string comparison_lines(const Json& metrics, const std::string& part) {
  if (!metrics.contains("comparisons")) return "";
  const bool aware = metrics.contains("qat");
  std::string text;
  for (const Json& each : metrics.at("comparisons").at(part)) {
    const bool share = each.at("metric") == "accuracy";
    const auto shown = [&](const Json& value) {
      const double number = value.get<double>();
      return share ? fmt::format("{:+.1f}", 100 * number) : format_number(number);
    };
    const auto name = [&](const std::string& form) {
      return form == "float" ? form : !aware ? std::string("int8") : form == "ptq" ? "PTQ" : "QAT";
    };
    text += fmt::format("  {} against {}: {} {} ({} to {}), p = {:.2g} ({})\n", name(each.at("second")),
                        name(each.at("first")), share ? "accuracy" : "mae",
                        shown(each.at("difference")) + (share ? " points" : ""), shown(each.at("ci95").at(0)),
                        shown(each.at("ci95").at(1)), each.at("p").get<double>(), each.at("test").get<std::string>());
  }
  return text;
}

// The columns of the tables of quality: what each form is called, and its metrics of the part; of a form that was not
// judged, none.
struct JudgedForms {
  std::vector<std::string> headers;
  std::vector<const Json*> metrics;
};

JudgedForms judged_forms(const Json& metrics, const std::string& part) {
  static const Json kNone = Json::object();
  const bool aware = metrics.contains("qat");
  std::vector<std::pair<const char*, const char*>> forms = {{"float", "float (95 % interval)"}};
  if (aware) forms.insert(forms.end(), {{"ptq", "int8 PTQ"}, {"int8", "int8 QAT"}});
  if (!aware) forms.emplace_back("int8", "int8 (95 % interval)");
  JudgedForms judged;
  for (const auto& [form, header] : forms) {
    judged.headers.emplace_back(header);
    judged.metrics.push_back(metrics.contains(form) ? &metrics.at(form).at(part) : &kNone);
  }
  return judged;
}

// Each of several targets by itself. `int8`: metrics of the judged part.
std::string targets_table(const Json& int8, const JudgedForms& forms) {
  if (!int8.contains("targets")) return "";
  std::vector<std::string> headers = {"target", ""};
  headers.insert(headers.end(), forms.headers.begin(), forms.headers.end());
  std::vector<Align> alignment(headers.size(), Align::right);
  alignment[0] = alignment[1] = Align::left;
  Table table(headers, alignment);
  for (size_t t = 0; t < int8.at("targets").size(); ++t)
    for (const MetricName& metric : metrics_of_task("regression")) {
      std::vector<std::string> row = {int8.at("targets")[t].at("name").get<std::string>(), metric.name};
      for (const Json* form : forms.metrics)
        row.push_back(form->contains("targets") ? metric_text(metric, form->at("targets").at(t), true) : "-");
      table.row(std::move(row));
    }
  return "\n" + table.text();
}

}  // namespace

std::string heading(const ProjectConfig& project, const Board& board) {
  return fmt::format("{}: {} on {}, seed {}\n\n", project.name, task_name(project.task), board.title, project.seed);
}

std::string data_lines(const Json& data, const ProjectConfig& project) {
  const bool table = data.at("contract").at("rate_hz").get<double>() == 0;
  const int64_t train = windows_of(data, "train"), validation = windows_of(data, "validation"),
                test = windows_of(data, "test");
  std::string text =
      fmt::format("  data      {}; {} {}: {} train, {} validation, {} test\n", data_text(data, project.task),
                  format_count(train + validation + test), table ? "rows" : "windows", format_count(train),
                  format_count(validation), format_count(test));
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

std::string train_line(const std::string& name, const Json& training, bool classification, bool reused) {
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
  return fmt::format("  {:<9} {} epochs{}{}{}\n{}", name, training.at("epochs").get<int64_t>(), time,
                     training.at("stopped_early").get<bool>() ? ", stopped early" : "", detail, note_lines(training));
}

std::string quantize_line(const Json& quantization) {
  const double bytes = quantization.at("int8_bytes").get<double>();
  const double ratio = bytes / quantization.at("float_bytes").get<double>();
  const Json& errors = quantization.at("layer_errors");
  const bool wide = quantization.at("activations") == "int16";
  std::string text = fmt::format("  quantize  int8{}, {}: {:.2f}x of the float file",
                                 wide ? " weights, int16 activations" : "", format_bytes(bytes), ratio);
  for (const Json& layer : errors.at("layers"))
    if (layer.at("layer") == errors.at("worst") && layer.at("sqnr_db").is_number())
      text += fmt::format("; layer {} adds most error, {:.1f} dB SQNR", layer.at("layer").get<std::string>(),
                          layer.at("sqnr_db").get<double>());
  text += "\n";
  if (const Json& costs = quantization.at("layer_costs"); !costs.empty())
    text += fmt::format("            layer {} costs most: {} with it alone in int8\n",
                        costs[0].at("layer").get<std::string>(), cost_text(costs[0]));
  return text + note_lines(quantization);
}

std::string quality_table(const Json& metrics, Detail detail) {
  const std::string part = judged_part(metrics.at("int8"));
  const std::string task = metrics.at("task").get<std::string>();
  const Json& goal = metrics.at("goal");
  const JudgedForms forms = judged_forms(metrics, part);
  std::vector<std::string> headers = {part + " part", "goal"};
  headers.insert(headers.end(), forms.headers.begin(), forms.headers.end());
  std::vector<Align> alignment(headers.size(), Align::right);
  alignment[0] = Align::left;
  Table table(headers, alignment);
  for (const MetricName& metric : metrics_of_task(task)) {
    std::vector<std::string> row = {metric.name, goal_text(metric, goal)};
    for (const Json* form : forms.metrics) row.push_back(metric_text(metric, *form, true));
    table.row(std::move(row));
    if (detail == Detail::judged && task == "classification") break;
  }
  return table.text() + comparison_lines(metrics, part) + targets_table(metrics.at("int8").at(part), forms) +
         conditions_table(metrics);
}

std::string conditions_table(const Json& metrics) {
  if (!metrics.contains("conditions")) return "";
  Table table({"condition", "SNR dB", "", "goal", "float (95 % interval)", "int8 (95 % interval)"},
              {Align::left, Align::right, Align::left, Align::right, Align::right, Align::right});
  for (const Json& condition : metrics.at("conditions"))
    for (const auto& [name, bar] : condition.at("goal").items()) {
      const MetricName& metric = *find_metric(name);
      table.row({condition.at("name").get<std::string>(), format_number(condition.at("snr_db").get<double>()), name,
                 metric_text(metric, bar.get<double>()),
                 condition.contains("float") ? metric_text(metric, condition.at("float"), true) : "-",
                 metric_text(metric, condition.at("int8"), true)});
    }
  return "\n" + table.text();
}

std::string threshold_table(const Json& part) {
  if (!part.contains("thresholds")) return "";
  const Json& thresholds = part.at("thresholds");
  Table table({"answer", "threshold", "false accepts (95 % interval)", "false rejects (95 % interval)"},
              {Align::left, Align::right, Align::right, Align::right});
  for (const Json& each : thresholds.at("classes"))
    table.row({each.at("name").get<std::string>(), format_number(each.at("threshold").get<double>()),
               share_text(each.at("false_accepts")), share_text(each.at("false_rejects"))});
  table.row({"all", "", share_text(thresholds.at("false_accepts")), share_text(thresholds.at("false_rejects"))});
  return "\n" + table.text();
}

std::string decision_table(const Json& part) {
  if (!part.contains("decision")) return "";
  const DecisionText text = decision_text(part.at("decision"));
  std::vector<Align> alignment(text.headers.size(), Align::right);
  alignment[0] = Align::left;
  Table table(text.headers, alignment);
  for (const std::vector<std::string>& row : text.rows) table.row(row);
  return "\n  " + text.rule + "\n" + table.text() + (text.remark.empty() ? "" : "  " + text.remark + "\n");
}

std::string layer_table(const Json& layer_errors, const Json& costs) {
  const bool classification = !costs.empty() && costs[0].at("metric") == "accuracy";
  std::vector<std::string> headers = {"layer",  "operator", "SQNR dB",  "largest error",
                                      "in LSB", "mean LSB", "saturated"};
  if (!costs.empty())
    headers.insert(headers.end(), {classification ? "accuracy, alone int8" : "mae, alone int8", "output error, alone"});
  std::vector<Align> alignment(headers.size(), Align::right);
  alignment[0] = alignment[1] = Align::left;
  Table table(headers, alignment);
  for (const Json& layer : layer_errors.at("layers")) {
    const std::string sqnr =
        layer.at("sqnr_db").is_number() ? fmt::format("{:.1f}", layer.at("sqnr_db").get<double>()) : "exact";
    std::vector<std::string> row = {layer.at("layer").get<std::string>(),
                                    layer.at("op").get<std::string>(),
                                    sqnr,
                                    format_number(layer.at("max_abs").get<double>()),
                                    fmt::format("{:.1f}", layer.at("max_abs_lsb").get<double>()),
                                    fmt::format("{:+.2f}", layer.at("mean_lsb").get<double>()),
                                    format_percent(layer.at("saturated").get<double>())};
    const auto cost =
        std::ranges::find_if(costs, [&](const Json& each) { return each.at("layer") == layer.at("layer"); });
    if (cost != costs.end())
      row.insert(row.end(), {change_text(*cost), format_percent(cost->at("output_error").get<double>())});
    else if (!costs.empty())
      row.insert(row.end(), {"", ""});
    table.row(std::move(row));
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
