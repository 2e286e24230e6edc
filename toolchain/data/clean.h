// What `mote data clean` does: from the findings of the check to changes of recordings.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"
#include "toolchain/data/check.h"
#include "toolchain/data/cleaning.h"

namespace mote {

struct CleanPlan {
  std::vector<Change> changes;                 // by file; each file's in the order in which they are made
  std::vector<std::string> kinds;              // that have a repair, asked for or not, sorted
  std::map<std::string, int64_t> only_people;  // findings by kind that have none
  int64_t files = 0;                           // that are changed
  int64_t left_out = 0;                        // of them: as a whole
};

// `kinds`: of findings to repair; empty = all. A file of which cuts leave no window is left out as a whole. At most one
// transform of a channel: another finding about it may be gone after the first.
// Errors: a kind that the check did not find or that has no repair; changes that leave no recording.
Result<CleanPlan> plan_repairs(const CheckReport& report, const std::set<std::string>& kinds);

// What would change, or was changed, for people: `most` changes of each kind.
std::string to_text(const CleanPlan& plan, size_t most);
Json to_json(const CleanPlan& plan);

}  // namespace mote
