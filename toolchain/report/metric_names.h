// The figures of quality that runs hold, and how people read them.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "toolchain/base/json.h"

namespace mote {

struct MetricName {
  const char* name;  // in metrics.json
  bool higher_is_better;
  bool percent;  // shown as "97.3 %"
};

std::span<const MetricName> all_metrics();
const MetricName* find_metric(std::string_view name);  // nullptr: there is no such
// Those of a task, as metrics.json names it; the first is what runs are judged by.
std::span<const MetricName> metrics_of_task(std::string_view task);

// "97.3 %", "0.213"; "-" for what is not defined.
std::string metric_text(const MetricName& metric, double value);
// part.name, and with its interval "97.3 % (95.1 - 98.9)". "-" when the part lacks it.
std::string metric_text(const MetricName& metric, const Json& part, bool interval);

}  // namespace mote
