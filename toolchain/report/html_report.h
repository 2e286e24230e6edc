// One run as one self-contained page: no script, no font, no picture from elsewhere.
#pragma once
#include <string>
#include <vector>

#include "toolchain/base/json.h"

namespace mote {

// A measured figure and its limit; limit 0 = none.
struct ReportLimit {
  std::string name;
  double value = 0, limit = 0;
  std::string value_text, limit_text;
  bool fits = true;
};

// `metrics` is the run's metrics.json (docs/formats.md). Parts that a run lacks are left out.
std::string html_report(const Json& metrics, const std::vector<ReportLimit>& limits);

}  // namespace mote
