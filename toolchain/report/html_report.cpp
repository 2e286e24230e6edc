#include "toolchain/report/html_report.h"

#include <fmt/format.h>

#include <cmath>

#include "toolchain/report/chart.h"
#include "toolchain/report/format.h"
#include "toolchain/report/metric_names.h"

namespace mote {
namespace {

constexpr const char* kStyle = R"(
:root{--fg:#1b1f24;--bg:#fff;--soft:#6a737d;--rule:#d8dee4;--good:#1a7f37;--bad:#cf222e;--c1:#0969da;--c2:#bf8700;
--c3:#8250df;--c4:#1a7f37;--c5:#cf222e;--c6:#57606a}
@media(prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--soft:#9198a1;--rule:#30363d;--good:#3fb950;
--bad:#f85149;--c1:#4493f8;--c2:#d29922;--c3:#ab7df8;--c4:#3fb950;--c5:#f85149;--c6:#9198a1}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:60rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule)}
p.sub{color:var(--soft);margin:.2rem 0 1rem}.verdict{font-size:1.15rem;font-weight:600}.good{color:var(--good)}
.bad{color:var(--bad)}
table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.2rem .9rem .2rem 0;text-align:right;
border-bottom:1px solid var(--rule)}
td:first-child,th:first-child{text-align:left}th{color:var(--soft);font-weight:500}
svg{width:100%;height:auto;display:block;margin:.6rem 0}svg text{font:12px system-ui,sans-serif;fill:var(--fg)}
svg .title{font-weight:600}
svg .grid{stroke:var(--rule)}svg .mark{stroke:var(--soft);stroke-dasharray:4 3}svg .cell{stroke:var(--rule)}
svg .track{fill:var(--rule)}
svg.bar{width:200px;display:inline-block;margin:0}pre{overflow:auto;border:1px solid var(--rule);padding:.7rem;
font-size:13px}
)";

std::string cells(const std::vector<std::string>& values, const char* tag) {
  std::string row = "<tr>";
  for (const std::string& value : values) row += fmt::format("<{0}>{1}</{0}>", tag, value);  // already escaped
  return row + "</tr>\n";
}

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
                     cells({"", "measured", "budget", ""}, "th");
  for (const ReportLimit& each : limits) {
    const std::string bar = each.limit > 0 && std::isfinite(each.value)
                                ? budget_bar(each.value / each.limit) + " " + format_percent(each.value / each.limit)
                                : "";
    html += cells({escape_html(each.name), escape_html(each.value_text), escape_html(each.limit_text), bar}, "td");
  }
  return html + "</table>\n";
}

// Every number below a key of the measurement, flattened: what the figures of the budget are made of.
std::string breakdown(const Json& metrics) {
  std::string html = "<table>" + cells({"part", "value"}, "th");
  for (const char* group : {"flash_bytes", "ram_bytes", "latency", "power"}) {
    if (!metrics.contains(group)) continue;
    for (const auto& [key, value] : metrics.at(group).items())
      if (value.is_number())
        html += cells({fmt::format("{}.{}", group, escape_html(key)), format_number(value.get<double>())}, "td");
  }
  return html + "</table>\n";
}

std::string comparison_table(const Json& metrics) {
  if (!metrics.contains("comparisons")) return "";
  std::string html = "<table>" + cells({"part", "compared", "measure", "difference", "p", "test"}, "th");
  for (const char* part : {"train", "validation", "test"}) {
    if (!metrics.at("comparisons").contains(part)) continue;
    for (const Json& each : metrics.at("comparisons").at(part)) {
      const auto show = [&](const Json& value) {
        return each.at("metric") == "accuracy" ? format_percent(value.get<double>())
                                               : format_number(value.get<double>());
      };
      html +=
          cells({part,
                 escape_html(fmt::format("{} against {}", each.at("second").get<std::string>(),
                                         each.at("first").get<std::string>())),
                 escape_html(each.at("metric").get<std::string>()),
                 fmt::format("{} <small>({} to {})</small>", show(each.at("difference")), show(each.at("ci95").at(0)),
                             show(each.at("ci95").at(1))),
                 fmt::format("{:.2g}", each.at("p").get<double>()), escape_html(each.at("test").get<std::string>())},
                "td");
    }
  }
  return html + "</table>\n";
}

// Float, and int8 in each way that it was made.
std::string quality_section(const Json& metrics) {
  std::vector<const char*> forms = {"float"};
  if (metrics.contains("qat")) forms.insert(forms.end(), {"ptq", "qat"});
  if (forms.size() == 1) forms.push_back("int8");
  std::vector<std::string> headers = {"part", "windows", "measure"};
  headers.insert(headers.end(), forms.begin(), forms.end());
  std::string html = "<h2>Quality</h2>\n<table>" + cells(headers, "th");
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
      html += cells(row, "td");
    }
  }
  return html + "</table>\n" + comparison_table(metrics) + "<p class=\"sub\">In brackets: 95 % intervals.</p>\n";
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
                     cells({"condition", "noise", "SNR dB", "measure", "goal", "float", "int8"}, "th");
  for (const Json& condition : metrics.at("conditions"))
    for (const auto& [name, bar] : condition.at("goal").items()) {
      const MetricName* const metric = find_metric(name);
      if (metric == nullptr) continue;
      html += cells(
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
                       cells({"answer", "threshold", "false accepts", "false rejects"}, "th");
    for (const Json& each : judged.at("thresholds").at("classes"))
      html += cells({escape_html(each.at("name").get<std::string>()), format_number(each.at("threshold").get<double>()),
                     share_cell(each.at("false_accepts")), share_cell(each.at("false_rejects"))},
                    "td");
    return html + "</table>\n";
  }
  if (!judged.contains("threshold")) return "";
  std::string html = fmt::format("<h2>Anomaly scores above {}, int8, {} part</h2>\n<table>",
                                 format_number(judged.at("threshold").get<double>()), part) +
                     cells({"label", "", "windows", "above"}, "th");
  for (const Json& each : judged.at("classes"))
    html += cells({escape_html(each.at("name").get<std::string>()), each.at("normal").get<bool>() ? "normal" : "",
                   std::to_string(each.at("count").get<int64_t>()), percent(each.at("above_threshold"))},
                  "td");
  return html + "</table>\n";
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
  std::string table = "<table>" + cells({"class", "windows", "precision", "recall", "F1", "AUC"}, "th");
  for (const Json& each : parts.at(part).at("classes")) {
    names.push_back(each.at("name").get<std::string>());
    std::vector<std::string> row = {escape_html(names.back()), std::to_string(each.at("count").get<int64_t>())};
    for (const char* share : {"precision", "recall", "f1"}) row.push_back(percent(each.at(share)));
    row.push_back(each.at("auc").is_number() ? format_number(each.at("auc").get<double>()) : "-");
    table += cells(row, "td");
  }
  const auto counts = parts.at(part).at("confusion").get<std::vector<std::vector<int64_t>>>();
  return fmt::format("<h2>Confusion, int8, {} part</h2>\n{}{}</table>\n", part, confusion_chart(names, counts), table);
}

std::string data_section(const Json& metrics) {
  if (!metrics.contains("data")) return "";
  std::string html = "<h2>Data</h2>\n<table>" + cells({"part", "windows", "by class"}, "th");
  for (const auto& [part, summary] : metrics.at("data").at("parts").items()) {
    if (!summary.is_object() || !summary.contains("windows")) continue;
    std::string classes;
    if (summary.contains("classes"))
      for (const auto& [name, count] : summary.at("classes").items())
        classes += fmt::format("{}{} {}", classes.empty() ? "" : ", ", escape_html(name), count.get<int64_t>());
    html += cells({part, std::to_string(summary.at("windows").get<int64_t>()), classes}, "td");
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
                     cells({"only this layer in int8", "change of " + metric, "output error"}, "th");
  for (const Json& each : costs) {
    const double change = each.at("change").get<double>();
    html += cells({escape_html(each.at("layer").get<std::string>()),
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
                     cells({"layer", "operator", "SQNR dB", "largest error in LSB", "saturated"}, "th");
  for (const Json& layer : quantization.at("layer_errors").at("layers"))
    html += cells(
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
  const std::string name = escape_html(metrics.value("name", "mote"));
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>{0}, run {1}</title><style>{2}</style></head>"
      "<body>\n<h1>{0}</h1>\n<p class=\"sub\">run {1}, {3}, seed {4}</p>\n",
      name, metrics.value("run", int64_t{0}), kStyle, escape_html(metrics.value("time", "")),
      metrics.value("seed", uint64_t{0}));
  html += verdict_section(metrics) + quality_section(metrics) + conditions_section(metrics) + leakage_section(metrics) +
          budget_section(metrics, limits) + breakdown(metrics) + confusion_section(metrics) +
          thresholds_section(metrics) + curves_section(metrics) + training_section(metrics) + layers_section(metrics) +
          data_section(metrics);
  return html + "</body></html>\n";
}

}  // namespace mote
