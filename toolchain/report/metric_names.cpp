#include "toolchain/report/metric_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "toolchain/report/format.h"

namespace mote {
namespace {

constexpr MetricName kClassification[] = {
    {"accuracy", true, true}, {"balanced_accuracy", true, true}, {"macro_f1", true, true}, {"auc", true, false}};
constexpr MetricName kRegression[] = {{"mae", false, false}, {"rmse", false, false}, {"r2", true, false}};
constexpr MetricName kAnomaly[] = {
    {"auc", true, false}, {"pauc", true, false}, {"false_alarms", false, true}, {"detected", true, true}};
constexpr MetricName kAll[] = {kClassification[0], kClassification[1], kClassification[2], kRegression[0],
                               kRegression[1],     kRegression[2],     kAnomaly[0],        kAnomaly[1],
                               kAnomaly[2],        kAnomaly[3]};

std::string end_text(const MetricName& metric, const Json& end) {
  if (!end.is_number()) return "-";
  const double value = end.get<double>();
  return metric.percent ? fmt::format("{:.1f}", 100 * value) : format_number(value);
}

}  // namespace

std::span<const MetricName> all_metrics() {
  return kAll;
}

const MetricName* find_metric(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kAll), std::end(kAll), [&](const MetricName& m) { return name == m.name; });
  return found == std::end(kAll) ? nullptr : found;
}

std::span<const MetricName> metrics_of_task(std::string_view task) {
  if (task == "classification") return kClassification;
  if (task == "regression") return kRegression;
  return kAnomaly;
}

std::string metric_text(const MetricName& metric, double value) {
  if (!std::isfinite(value)) return "-";
  return metric.percent ? format_percent(value) : format_number(value);
}

std::string metric_text(const MetricName& metric, const Json& part, bool interval) {
  if (!part.contains(metric.name) || !part.at(metric.name).is_number()) return "-";
  const std::string text = metric_text(metric, part.at(metric.name).get<double>());
  const std::string key = metric.name == std::string_view("accuracy") ? "ci95" : std::string(metric.name) + "_ci95";
  if (!interval || !part.contains(key)) return text;
  return fmt::format("{} ({} - {})", text, end_text(metric, part.at(key).at(0)), end_text(metric, part.at(key).at(1)));
}

}  // namespace mote
