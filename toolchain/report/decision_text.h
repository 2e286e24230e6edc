// How a model's decisions over recordings were judged, in words: for the terminal and the page alike.
#pragma once
#include <string>
#include <vector>

#include "toolchain/base/json.h"

namespace mote {

// "97.5 % (93.1 - 99.3) of 120", of {rate, ci95, of}.
std::string share_text(const Json& share);

struct DecisionText {
  std::string rule;  // "decisions over 12.3 min of recordings: smoothing 2, ..."
  std::vector<std::string> headers;
  std::vector<std::vector<std::string>> rows;  // of each event, and of all
  std::string remark;                          // empty: nothing to add
};

// `decision`: of a part of metrics.json, as decision_metrics() makes it.
DecisionText decision_text(const Json& decision);

}  // namespace mote
