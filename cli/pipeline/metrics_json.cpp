#include "cli/pipeline/metrics_json.h"

#include <cmath>

namespace mote {

namespace {
constexpr size_t kCurvePoints = 100;
}

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

Json to_json(const Interval& interval) {
  return Json::array({number_or_null(interval.low), number_or_null(interval.high)});
}

Json to_json(const Share& share) {
  return {
      {"count", share.hits}, {"of", share.of}, {"rate", number_or_null(share.value)}, {"ci95", to_json(share.ci95)}};
}

Json to_json(const ClassificationMetrics& metrics, const OneVsRest& areas, const std::vector<std::string>& names) {
  Json classes = Json::array();
  Json confusion = Json::array();
  const size_t n = names.size();
  for (size_t c = 0; c < n; ++c) {
    const ClassMetrics& each = metrics.classes[c];
    classes.push_back({{"name", names[c]},
                       {"count", each.count},
                       {"precision", number_or_null(each.precision)},
                       {"recall", number_or_null(each.recall)},
                       {"f1", number_or_null(each.f1)},
                       {"auc", number_or_null(areas.auc[c])}});
    const auto row = metrics.confusion.begin() + static_cast<std::ptrdiff_t>(c * n);
    confusion.push_back(std::vector<int64_t>(row, row + static_cast<std::ptrdiff_t>(n)));
  }
  return {{"count", metrics.count},
          {"accuracy", metrics.accuracy},
          {"ci95", to_json(metrics.accuracy_ci95)},
          {"balanced_accuracy", metrics.balanced_accuracy},
          {"balanced_accuracy_ci95", to_json(metrics.balanced_accuracy_ci95)},
          {"macro_f1", metrics.macro_f1},
          {"macro_f1_ci95", to_json(metrics.macro_f1_ci95)},
          {"auc", number_or_null(areas.macro_auc)},
          {"auc_ci95", to_json(areas.macro_auc_ci95)},
          {"classes", std::move(classes)},
          {"confusion", std::move(confusion)}};
}

Json to_json(const TargetMetrics& metrics) {
  return {{"mae", metrics.mae},
          {"mae_ci95", to_json(metrics.mae_ci95)},
          {"rmse", metrics.rmse},
          {"rmse_ci95", to_json(metrics.rmse_ci95)},
          {"r2", number_or_null(metrics.r2)},
          {"r2_ci95", to_json(metrics.r2_ci95)}};
}

Json to_json(const RegressionMetrics& metrics, const std::vector<std::string>& names) {
  Json json = to_json(metrics.all);
  json["count"] = metrics.count;
  for (size_t t = 0; names.size() > 1 && t < names.size(); ++t) {
    Json target = to_json(metrics.targets[t]);
    target["name"] = names[t];
    json["targets"].push_back(std::move(target));
  }
  return json;
}

Json to_json(const RocMetrics& metrics) {
  return {{"auc", metrics.auc},
          {"auc_ci95", to_json(metrics.auc_ci95)},
          {"pauc", metrics.partial_auc},
          {"pauc_ci95", to_json(metrics.partial_auc_ci95)},
          {"equal_error_rate", number_or_null(metrics.equal_error_rate)}};
}

Json to_json(const AcceptanceMetrics& metrics, const std::vector<double>& thresholds,
             const std::vector<std::string>& names) {
  Json classes = Json::array();
  for (size_t c = 0; c < names.size(); ++c)
    classes.push_back({{"name", names[c]},
                       {"threshold", thresholds[c]},
                       {"false_accepts", to_json(metrics.class_false_accepts[c])},
                       {"false_rejects", to_json(metrics.class_false_rejects[c])}});
  return {{"false_accepts", to_json(metrics.false_accepts)},
          {"false_rejects", to_json(metrics.false_rejects)},
          {"classes", std::move(classes)}};
}

Json curve_json(const std::string& name, const std::vector<RocPoint>& curve) {
  Json json = {{"name", name}, {"false_positives", Json::array()}, {"true_positives", Json::array()}};
  for (const RocPoint& point : thinned(curve, kCurvePoints)) {
    json["false_positives"].push_back(point.false_positives);
    json["true_positives"].push_back(point.true_positives);
  }
  return json;
}

}  // namespace mote
