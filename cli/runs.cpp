#include "cli/run_table.h"
#include "cli/verb.h"

namespace mote {
namespace {
namespace runs_command {

Result<Outcome> run(Session& session) {
  MOTE_TRY(const std::vector<RunRecord> runs, project_runs(session));
  Json list = Json::array();
  for (const RunRecord& each : runs) list.push_back(each.metrics);
  session.console.text(runs.empty() ? "  no runs yet: `mote build` makes one\n" : runs_table(runs));
  session.console.object({{"runs", std::move(list)}});
  return Outcome::done;
}

Run configure(CommandLine&) {
  return [](Session& session) { return run(session); };
}

}  // namespace runs_command
}  // namespace

extern const Verb runs_verb;
const Verb runs_verb{"runs", "The history of runs; `mote runs compare`, `mote runs best`", "", runs_command::configure};

}  // namespace mote
