#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "cli/latest_run.h"
#include "cli/project/project.h"
#include "cli/verb.h"
#include "toolchain/data/dataset.h"
#include "toolchain/data/show.h"

namespace mote {
namespace {

constexpr int kColumnsWithoutTerminal = 100;

int terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsWithoutTerminal;
  return std::clamp<int>(size.ws_col, 40, 200);
}

Result<Outcome> run(Session& session) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  MOTE_TRY(ProjectConfig project, load_project(folder));
  project.data.seed = session.seed.value_or(project.seed);
  MOTE_TRY(const Dataset dataset, load_dataset(project.data, folder, session.console.progress()));
  session.console.text(show_data(dataset, terminal_columns()));
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
