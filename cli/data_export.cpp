#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/project/project.h"
#include "cli/verb.h"
#include "toolchain/data/export.h"

namespace mote {
namespace {
namespace data_export_command {

struct Options {
  std::string format = "edge-impulse", output;
};

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  MOTE_TRY(ProjectConfig project, load_project(folder));
  project.data.seed = session.seed.value_or(project.seed);
  MOTE_TRY(const Dataset dataset, load_dataset(project.data, project.folder, session.console.progress()));
  const bool npy = options.format == "npy";
  const fs::path target = options.output.empty() ? folder / "build" / options.format : fs::path(options.output);
  MOTE_TRY(const Exported exported,
           export_dataset(dataset, npy ? ExportFormat::npy : ExportFormat::edge_impulse, target));
  session.console.text(fmt::format("{}: {} windows in {} files\n", shown(target), exported.windows, exported.files));
  session.console.object({{"folder", fs::absolute(target).string()},
                          {"format", options.format},
                          {"files", exported.files},
                          {"windows", exported.windows}});
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("--format", options->format, "edge-impulse (CSV) or npy [edge-impulse]")
      ->type_name("NAME")
      ->one_of({"edge-impulse", "npy"});
  command.add_option("-o,--output", options->output, "Folder that is made [build/FORMAT]")->type_name("FOLDER");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace data_export_command
}  // namespace

extern const Verb data_export_verb;
const Verb data_export_verb{"data export", "Write the prepared data for other tools",
                            "edge-impulse: training/ and testing/ with one CSV per stretch of windows, the label "
                            "before the first dot of its name. "
                            "npy: <part>_x.npy (windows, readings, channels) in physical units and <part>_labels.csv.",
                            data_export_command::configure};

}  // namespace mote
