#include <unistd.h>

#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/project/project.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "toolchain/data/check.h"
#include "toolchain/data/dataset.h"
#include "toolchain/data/page.h"
#include "toolchain/data/show.h"

namespace mote {
namespace {
namespace data_show_command {

// The outputs of the project's feature block; nothing for `raw`, whose outputs are the readings themselves.
Result<FeaturePtr> features_of(const ProjectConfig& project, const Dataset& dataset) {
  if (project.features.block == "raw") return FeaturePtr();
  Result<FeaturePtr> features =
      fit_features(project.features.block, dataset.contract, project.features.options, dataset.training_windows());
  if (!features.ok()) return project.error_at("features", features.error());
  return features;
}

Result<void> write_page(Session& session, const ProjectConfig& project, const Dataset& dataset, const fs::path& file) {
  MOTE_TRY(const CheckReport report, check_data(project.data, project.folder, session.console.progress()));
  MOTE_TRY(const FeaturePtr features, features_of(project, dataset));
  MOTE_CHECK(write_file(file, data_page(project.name, dataset, features.get(), report)));
  session.console.text(fmt::format("\n{}: open it in a browser\n", shown(file)));
  return {};
}

Result<Outcome> run(Session& session, const std::string& page) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  MOTE_TRY(ProjectConfig project, load_project(folder));
  project.data.seed = session.seed.value_or(project.seed);
  MOTE_TRY(const Dataset dataset, load_dataset(project.data, project.folder, session.console.progress()));
  session.console.text(show_data(dataset, terminal_columns(STDOUT_FILENO)));
  Json summary = data_summary(dataset);
  if (!page.empty()) {
    MOTE_CHECK(write_page(session, project, dataset, page));
    summary["page"] = fs::absolute(page).string();
  }
  session.console.object(summary);
  return Outcome::done;
}

Run configure(CommandLine& command) {
  const auto page = std::make_shared<std::string>();
  command
      .add_option("--html", *page,
                  "Write a page with waveforms and spectrograms by class, a map and what the check finds")
      ->type_name("FILE");
  return [page](Session& session) { return run(session, *page); };
}

}  // namespace data_show_command
}  // namespace

extern const Verb data_show_verb;
const Verb data_show_verb{"data show", "Parts, classes and channels in numbers, and a plot of each class", "",
                          data_show_command::configure};

}  // namespace mote
