#include "toolchain/report/decision_text.h"

#include <fmt/format.h>

#include "toolchain/report/format.h"
#include "toolchain/report/metric_names.h"

namespace mote {
namespace {

std::string duration_text(double hours) {
  return hours < 1 ? fmt::format("{:.1f} min", 60 * hours) : fmt::format("{:.1f} h", hours);
}

std::vector<std::string> event_row(const std::string& name, const Json& one) {
  const auto found = one.at("detected").at("count").get<int64_t>();
  const Json& latency = one.at("latency_s");
  const auto seconds = [&](const char* which) {
    return latency.is_null() ? "-" : format_number(latency.at(which).get<double>());
  };
  const Json& interval = one.at("false_per_hour_ci95");
  return {name,
          share_text(one.at("detected")),
          found == 0 ? "-" : format_number(one.at("right").get<double>() / static_cast<double>(found)),
          seconds("median"),
          seconds("p90"),
          std::to_string(one.at("false").get<int64_t>()),
          fmt::format("{} ({} - {})", format_number(one.at("false_per_hour").get<double>()),
                      format_number(interval.at(0).get<double>()), format_number(interval.at(1).get<double>()))};
}

}  // namespace

std::string share_text(const Json& share) {
  static constexpr MetricName kRate = {"rate", false, true};
  const Json part = {{"rate", share.at("rate")}, {"rate_ci95", share.at("ci95")}};
  return fmt::format("{} of {}", metric_text(kRate, part, true), share.at("of").get<int64_t>());
}

DecisionText decision_text(const Json& decision) {
  const Json& rule = decision.at("rule");
  DecisionText text;
  text.rule = fmt::format("decisions over {} of recordings: smoothing {}, debounce {}, {} quiet after an event",
                          duration_text(decision.at("hours").get<double>()), rule.at("smoothing").get<int32_t>(),
                          rule.at("debounce").get<int32_t>(), format_seconds(rule.at("refractory_s").get<double>()));
  text.headers = {"event", "detected (95 % interval)", "times each", "after s", "90 % after s",
                  "false", "per hour (95 % interval)"};
  for (const Json& each : decision.at("labels"))
    text.rows.push_back(event_row(each.at("name").get<std::string>(), each));
  if (decision.at("labels").size() > 1) text.rows.push_back(event_row("all", decision.at("all")));
  if (const auto too_short = decision.at("too_short").get<int64_t>(); too_short > 0)
    text.remark =
        fmt::format("{} of the {} events lie in recordings of fewer windows than debounce asks for: record longer",
                    too_short, decision.at("all").at("events").get<int64_t>());
  return text;
}

}  // namespace mote
