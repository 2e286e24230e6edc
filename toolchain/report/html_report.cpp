#include "toolchain/report/html_report.h"

#include <fmt/format.h>

#include <cmath>

#include "toolchain/base/html.h"
#include "toolchain/report/chart.h"
#include "toolchain/report/decision_text.h"
#include "toolchain/report/format.h"
#include "toolchain/report/metric_names.h"

namespace mote {
namespace {

std::string verdict_section(const Json& metrics) {
  const Json& verdict = metrics.at("verdict");
  const bool goal_met = verdict.at("goal_met").get<bool>(), within = verdict.at("within_budget").get<bool>();
  std::string html =
      fmt::format("<p class=\"verdict {}\">{}, {}.</p>\n", goal_met && within ? "good" : "bad",
                  goal_met ? "Goal met" : "Short of the goal", within ? "within budget" : "over the budget");
  for (const Json& each : verdict.at("short_of"))
    html += "<p class=\"bad\">" + escape_html(each.get<std::string>()) + "</p>\n";
  return html;
}

std::string budget_section(const Json& metrics, const std::vector<ReportLimit>& limits) {
  std::string html = "<h2>Cost on " + escape_html(metrics.value("board", "the board")) + "</h2>\n<table>" +
                     html_row({"", "measured", "budget", ""}, "th");
  for (const ReportLimit& each : limits) {
    const std::string bar = each.limit > 0 && std::isfinite(each.value)
                                ? budget_bar(each.value / each.limit) + " " + format_percent(each.value / each.limit)
                                : "";
    html += html_row({escape_html(each.name), escape_html(each.value_text), escape_html(each.limit_text), bar}, "td");
  }
  return html + "</table>\n";
}

// Every number below a key of the measurement, flattened: what the figures of the budget are made of.
std::string breakdown(const Json& metrics) {
  std::string html = "<table>" + html_row({"part", "value"}, "th");
  for (const char* group : {"flash_bytes", "ram_bytes", "latency", "power"}) {
    if (!metrics.contains(group)) continue;
    for (const auto& [key, value] : metrics.at(group).items())
      if (value.is_number())
        html += html_row({fmt::format("{}.{}", group, escape_html(key)), format_number(value.get<double>())}, "td");
  }
  return html + "</table>\n";
}

std::string comparison_table(const Json& metrics) {
  if (!metrics.contains("comparisons")) return "";
  std::string html = "<table>" + html_row({"part", "compared", "measure", "difference", "p", "test"}, "th");
  for (const char* part : {"train", "validation", "test"}) {
    if (!metrics.at("comparisons").contains(part)) continue;
    for (const Json& each : metrics.at("comparisons").at(part)) {
      const auto show = [&](const Json& value) {
        return each.at("metric") == "accuracy" ? format_percent(value.get<double>())
                                               : format_number(value.get<double>());
      };
      html +=
          html_row({part,
                    escape_html(fmt::format("{} against {}", each.at("second").get<std::string>(),
                                            each.at("first").get<std::string>())),
                    escape_html(each.at("metric").get<std::string>()),
                    fmt::format("{} <small>({} to {})</small>", show(each.at("difference")),
                                show(each.at("ci95").at(0)), show(each.at("ci95").at(1))),
                    fmt::format("{:.2g}", each.at("p").get<double>()), escape_html(each.at("test").get<std::string>())},
                   "td");
    }
  }
  return html + "</table>\n";
}

// Float, and int8 in each way that it was made.
std::vector<const char*> judged_forms(const Json& metrics) {
  if (metrics.contains("qat")) return {"float", "ptq", "qat"};
  return {"float", "int8"};
}

// Each of several targets of a regression by itself.
std::string targets_table(const Json& metrics) {
  const std::vector<const char*> forms = judged_forms(metrics);
  std::vector<std::string> headers = {"part", "target", "measure"};
  headers.insert(headers.end(), forms.begin(), forms.end());
  std::string rows;
  for (const char* part : {"train", "validation", "test"}) {
    const Json targets = metrics.at("int8").value(part, Json::object()).value("targets", Json::array());
    for (size_t t = 0; t < targets.size(); ++t)
      for (const MetricName& metric : metrics_of_task("regression")) {
        std::vector<std::string> row = {part, escape_html(targets[t].at("name").get<std::string>()), metric.name};
        for (const char* form : forms) {
          const Json of_form = metrics.value(form, Json::object()).value(part, Json::object());
          row.push_back(of_form.contains("targets") ? metric_text(metric, of_form.at("targets").at(t), true) : "");
        }
        rows += html_row(row, "td");
      }
  }
  return rows.empty() ? "" : "<table>" + html_row(headers, "th") + rows + "</table>\n";
}

std::string quality_section(const Json& metrics) {
  const std::vector<const char*> forms = judged_forms(metrics);
  std::vector<std::string> headers = {"part", "windows", "measure"};
  headers.insert(headers.end(), forms.begin(), forms.end());
  std::string html = "<h2>Quality</h2>\n<table>" + html_row(headers, "th");
  for (const char* part : {"train", "validation", "test"}) {
    if (!metrics.at("int8").contains(part)) continue;
    const Json& int8 = metrics.at("int8").at(part);
    for (const MetricName& metric : metrics_of_task(metrics.value("task", ""))) {
      if (!int8.contains(metric.name)) continue;
      std::vector<std::string> row = {part, std::to_string(int8.at("count").get<int64_t>()), metric.name};
      for (const char* form : forms)
        row.push_back(metrics.contains(form) && metrics.at(form).contains(part)
                          ? metric_text(metric, metrics.at(form).at(part), true)
                          : "");
      html += html_row(row, "td");
    }
  }
  return html + "</table>\n" + targets_table(metrics) + comparison_table(metrics) +
         "<p class=\"sub\">In brackets: 95 % intervals.</p>\n";
}

// The part that goals are judged on, of the int8 model.
std::string judged_name(const Json& metrics) {
  const Json& parts = metrics.at("int8");
  return parts.contains("test") ? "test" : parts.contains("validation") ? "validation" : "train";
}

std::string percent(const Json& share) {
  return share.is_number() ? format_percent(share.get<double>()) : "-";
}

std::string conditions_section(const Json& metrics) {
  if (!metrics.contains("conditions")) return "";
  std::string html = "<h2>In harder conditions</h2>\n<table>" +
                     html_row({"condition", "noise", "SNR dB", "measure", "goal", "float", "int8"}, "th");
  for (const Json& condition : metrics.at("conditions"))
    for (const auto& [name, bar] : condition.at("goal").items()) {
      const MetricName* const metric = find_metric(name);
      if (metric == nullptr) continue;
      html += html_row(
          {escape_html(condition.at("name").get<std::string>()), escape_html(condition.at("noise").get<std::string>()),
           format_number(condition.at("snr_db").get<double>()), name, metric_text(*metric, bar.get<double>()),
           condition.contains("float") ? metric_text(*metric, condition.at("float"), true) : "-",
           metric_text(*metric, condition.at("int8"), true)},
          "td");
    }
  return html + "</table>\n";
}

// Shares of a threshold table: "1.2 % of 240".
std::string share_cell(const Json& share) {
  return fmt::format("{} of {}", percent(share.at("rate")), share.at("of").get<int64_t>());
}

std::string thresholds_section(const Json& metrics) {
  const std::string part = judged_name(metrics);
  const Json& judged = metrics.at("int8").at(part);
  if (judged.contains("thresholds")) {
    std::string html = fmt::format("<h2>Thresholds, int8, {} part</h2>\n<table>", part) +
                       html_row({"answer", "threshold", "false accepts", "false rejects"}, "th");
    for (const Json& each : judged.at("thresholds").at("classes"))
      html +=
          html_row({escape_html(each.at("name").get<std::string>()), format_number(each.at("threshold").get<double>()),
                    share_cell(each.at("false_accepts")), share_cell(each.at("false_rejects"))},
                   "td");
    return html + "</table>\n";
  }
  if (!judged.contains("threshold")) return "";
  std::string html = fmt::format("<h2>Anomaly scores above {}, int8, {} part</h2>\n<table>",
                                 format_number(judged.at("threshold").get<double>()), part) +
                     html_row({"label", "", "windows", "above"}, "th");
  for (const Json& each : judged.at("classes"))
    html += html_row({escape_html(each.at("name").get<std::string>()), each.at("normal").get<bool>() ? "normal" : "",
                      std::to_string(each.at("count").get<int64_t>()), percent(each.at("above_threshold"))},
                     "td");
  return html + "</table>\n";
}

std::string decision_section(const Json& metrics) {
  const std::string part = judged_name(metrics);
  const Json& judged = metrics.at("int8").at(part);
  if (!judged.contains("decision")) return "";
  const DecisionText text = decision_text(judged.at("decision"));
  std::string html = fmt::format("<h2>Events, int8, {} part</h2>\n<p>{}.</p>\n<table>", part, escape_html(text.rule)) +
                     html_row(text.headers, "th");
  for (std::vector<std::string> row : text.rows) {
    row[0] = escape_html(row[0]);
    html += html_row(row, "td");
  }
  return html + "</table>\n" + (text.remark.empty() ? "" : "<p class=\"sub\">" + escape_html(text.remark) + ".</p>\n");
}

std::string curves_section(const Json& metrics) {
  const std::string part = judged_name(metrics);
  const Json& judged = metrics.at("int8").at(part);
  if (!judged.contains("curves")) return "";
  std::vector<RateCurve> curves;
  for (const Json& each : judged.at("curves"))
    curves.push_back({each.at("name").get<std::string>(), each.at("false_positives").get<std::vector<double>>(),
                      each.at("true_positives").get<std::vector<double>>()});
  const char* const who = metrics.value("task", "") == "anomaly" ? "Anomalous windows against normal ones, by the score"
                                                                 : "Each class against all others, by its own score";
  return fmt::format("<h2>Error rates, int8, {} part</h2>\n{}{}\n<p class=\"sub\">{}, over all thresholds.</p>\n", part,
                     roc_chart(curves), det_chart(curves), who);
}

std::string leakage_section(const Json& metrics) {
  if (!metrics.contains("leakage")) return "";
  const Json& gap = metrics.at("leakage");
  const MetricName* const metric = find_metric(gap.at("metric").get<std::string>());
  const auto value = [&](const char* key) {
    return metric == nullptr || !gap.at(key).is_number() ? "-" : metric_text(*metric, gap.at(key).get<double>());
  };
  return fmt::format(
      "<h2>Leakage</h2>\n<p>{} split by {}: {}; on random windows, the same network trained once more: {}. "
      "Only the first figure is what new recordings will see.</p>\n",
      escape_html(gap.at("metric").get<std::string>()), escape_html(gap.at("split_by").get<std::string>()),
      value("by_split"), value("random_windows"));
}

std::string confusion_section(const Json& metrics) {
  const Json& parts = metrics.at("int8");
  const std::string part = judged_name(metrics);
  if (!parts.at(part).contains("confusion")) return "";
  std::vector<std::string> names;
  std::string table = "<table>" + html_row({"class", "windows", "precision", "recall", "F1", "AUC"}, "th");
  for (const Json& each : parts.at(part).at("classes")) {
    names.push_back(each.at("name").get<std::string>());
    std::vector<std::string> row = {escape_html(names.back()), std::to_string(each.at("count").get<int64_t>())};
    for (const char* share : {"precision", "recall", "f1"}) row.push_back(percent(each.at(share)));
    row.push_back(each.at("auc").is_number() ? format_number(each.at("auc").get<double>()) : "-");
    table += html_row(row, "td");
  }
  const auto counts = parts.at(part).at("confusion").get<std::vector<std::vector<int64_t>>>();
  return fmt::format("<h2>Confusion, int8, {} part</h2>\n{}{}</table>\n", part, confusion_chart(names, counts), table);
}

std::string data_section(const Json& metrics) {
  if (!metrics.contains("data")) return "";
  std::string html = "<h2>Data</h2>\n<table>" + html_row({"part", "windows", "by class"}, "th");
  for (const auto& [part, summary] : metrics.at("data").at("parts").items()) {
    if (!summary.is_object() || !summary.contains("windows")) continue;
    std::string classes;
    if (summary.contains("classes"))
      for (const auto& [name, count] : summary.at("classes").items())
        classes += fmt::format("{}{} {}", classes.empty() ? "" : ", ", escape_html(name), count.get<int64_t>());
    html += html_row({part, std::to_string(summary.at("windows").get<int64_t>()), classes}, "td");
  }
  html += "</table>\n";
  for (const Json& note : metrics.at("data").at("notes"))
    html += "<p>" + escape_html(note.get<std::string>()) + "</p>\n";
  return html;
}

std::vector<double> column(const Json& history, const char* key) {
  std::vector<double> values;
  for (const Json& epoch : history)
    values.push_back(epoch.at(key).is_number() ? epoch.at(key).get<double>() : std::nan(""));
  return values;
}

std::string training_section(const Json& metrics) {
  if (!metrics.contains("training")) return "";
  const Json& training = metrics.at("training");
  const Json& history = training.at("history");
  const int64_t best = training.at("best_epoch").get<int64_t>();
  const char* metric =
      metrics.value("task", "") == "classification" ? "accuracy" : "mean absolute error (standardised)";
  return "<h2>Training</h2>\n" +
         line_chart("loss", {{"training", column(history, "loss")}, {"validation", column(history, "validation_loss")}},
                    best) +
         line_chart(metric,
                    {{"training", column(history, "metric")}, {"validation", column(history, "validation_metric")}},
                    best);
}

// Empty when nothing is known of layers by themselves.
std::string layer_costs(const Json& quantization) {
  const Json costs = quantization.value("layer_costs", Json::array());
  if (costs.empty()) return "";
  const std::string metric = costs[0].at("metric").get<std::string>();
  std::string html = "<h2>What int8 costs each layer by itself</h2>\n<table>" +
                     html_row({"only this layer in int8", "change of " + metric, "output error"}, "th");
  for (const Json& each : costs) {
    const double change = each.at("change").get<double>();
    html += html_row({escape_html(each.at("layer").get<std::string>()),
                      metric == "accuracy" ? format_percent(change) : format_number(change),
                      format_percent(each.at("output_error").get<double>())},
                     "td");
  }
  return html + "</table>\n<p class=\"sub\">Output error: root mean square, in deviations of the outputs.</p>\n";
}

std::string layers_section(const Json& metrics) {
  if (!metrics.contains("quantization")) return "";
  const Json& quantization = metrics.at("quantization");
  std::string html = "<h2>Error of int8 by layer</h2>\n<table>" +
                     html_row({"layer", "operator", "SQNR dB", "largest error in LSB", "saturated"}, "th");
  for (const Json& layer : quantization.at("layer_errors").at("layers"))
    html += html_row(
        {escape_html(layer.at("layer").get<std::string>()), escape_html(layer.at("op").get<std::string>()),
         layer.at("sqnr_db").is_number() ? format_number(layer.at("sqnr_db").get<double>()) : "exact",
         format_number(layer.at("max_abs_lsb").get<double>()), format_percent(layer.at("saturated").get<double>())},
        "td");
  html += "</table>\n" + layer_costs(quantization) + "<h2>Tensor arena</h2>\n";
  const Json& arena = quantization.at("arena");
  std::vector<ArenaBox> boxes;
  for (const Json& box : arena.at("tensors"))
    boxes.push_back({box.at("name").get<std::string>(), box.at("offset").get<int64_t>(), box.at("bytes").get<int64_t>(),
                     box.at("first").get<int32_t>(), box.at("last").get<int32_t>()});
  return html +
         arena_chart(boxes, arena.at("nodes").get<std::vector<std::string>>(), arena.at("bytes").get<int64_t>()) +
         fmt::format("<p class=\"sub\">{} B of activations; no plan can need less than {} B.</p>\n",
                     arena.at("bytes").get<int64_t>(), arena.at("lower_bound").get<int64_t>());
}

}  // namespace

std::string html_report(const Json& metrics, const std::vector<ReportLimit>& limits) {
  const std::string heading = fmt::format("run {}, {}, seed {}", metrics.value("run", int64_t{0}),
                                          metrics.value("time", ""), metrics.value("seed", uint64_t{0}));
  const std::string html = verdict_section(metrics) + quality_section(metrics) + conditions_section(metrics) +
                           leakage_section(metrics) + budget_section(metrics, limits) + breakdown(metrics) +
                           confusion_section(metrics) + decision_section(metrics) + thresholds_section(metrics) +
                           curves_section(metrics) + training_section(metrics) + layers_section(metrics) +
                           data_section(metrics);
  return html_page(metrics.value("name", "mote"), heading, html);
}

}  // namespace mote
