// Runs of a project as a table.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "toolchain/report/metric_names.h"
#include "toolchain/report/runs_database.h"

namespace mote {

// All runs of the session's project, oldest first; none when it has no database yet.
Result<std::vector<RunRecord>> project_runs(const Session& session);

// A line for each run.
std::string runs_table(const std::vector<RunRecord>& runs);

// metrics["a"]["b"] for "/a/b" as a number, or NaN.
double number_in(const Json& metrics, const std::string& pointer);

// A metric of a run's judged part; `form` is "float" or "int8". NaN when the run lacks it.
double run_metric(const Json& metrics, const std::string& form, const std::string& metric);

// "met", "short", "over budget", "short, over budget"
std::string verdict_word(const Json& metrics);

}  // namespace mote
