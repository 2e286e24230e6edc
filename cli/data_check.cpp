#include "cli/latest_run.h"
#include "cli/project/project.h"
#include "cli/verb.h"
#include "toolchain/data/check.h"

namespace mote {
namespace {
namespace data_check_command {

Result<Outcome> run(Session& session) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  MOTE_TRY(ProjectConfig project, load_project(folder));
  project.data.seed = session.seed.value_or(project.seed);
  MOTE_TRY(const CheckReport all, check_data(project.data, project.folder, session.console.progress()));
  const CheckReport report = folded(all);
  session.console.text(to_text(report));
  session.console.object(to_json(report));
  if (report.count(Severity::error) > 0)
    return input_error("the data cannot be used as they are: see the errors above");
  return report.count(Severity::warning) > 0 ? Outcome::falls_short : Outcome::done;
}

Run configure(CommandLine&) {
  return [](Session& session) { return run(session); };
}

}  // namespace data_check_command
}  // namespace

extern const Verb data_check_verb;
const Verb data_check_verb{"data check", "Find and name faults of the recordings; changes nothing",
                           "Exit status: 0 nothing found, 1 warnings, 2 faults that stop training.",
                           data_check_command::configure};

}  // namespace mote
