#include <unistd.h>

#include "cli/latest_run.h"
#include "cli/project/project.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "toolchain/data/dataset.h"
#include "toolchain/data/show.h"

namespace mote {
namespace {

Result<Outcome> run(Session& session) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  MOTE_TRY(ProjectConfig project, load_project(folder));
  project.data.seed = session.seed.value_or(project.seed);
  MOTE_TRY(const Dataset dataset, load_dataset(project.data, folder, session.console.progress()));
  session.console.text(show_data(dataset, terminal_columns(STDOUT_FILENO)));
  session.console.object(data_summary(dataset));
  return Outcome::done;
}

Run configure(CLI::App&) {
  return [](Session& session) { return run(session); };
}

}  // namespace

extern const Verb data_show_verb;
const Verb data_show_verb{"data show", "Parts, classes and channels in numbers, and a plot of each class", "",
                          configure};

}  // namespace mote
