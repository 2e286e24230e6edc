#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/pipeline/pipeline.h"
#include "cli/verb.h"
#include "toolchain/report/format.h"

namespace mote {
namespace {
namespace export_command {

struct Options {
  std::string output;
  int64_t run = 0;
  bool floats = false;
};

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  const Workspace workspace(folder);
  MOTE_TRY(const LatestRun latest, find_run(workspace, options.run));
  MOTE_TRY(const std::vector<uint8_t> bytes, read_file(latest.folder / (options.floats ? kFloatFile : kModelFile)));
  const fs::path target = options.output.empty() ? workspace.build_model() : fs::path(options.output);
  MOTE_CHECK(write_file(target, bytes));
  session.console.text(fmt::format("{}: {} of run {}, {}\n", shown(target),
                                   options.floats ? "float model" : "int8 model", latest.record.id,
                                   format_bytes(static_cast<double>(bytes.size()))));
  session.console.object(
      {{"run", latest.record.id}, {"model", fs::absolute(target).string()}, {"model_bytes", bytes.size()}});
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("-o,--output", options->output, "Where to write it [build/model.tflite]")->type_name("FILE");
  command.add_option("--run", options->run, "Number of the run [the newest]")->type_name("N")->positive();
  command.add_flag("--float", options->floats, "The float model instead of the int8 one");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace export_command
}  // namespace

extern const Verb export_verb;
const Verb export_verb{
    "export", "Write a run's model as a standard .tflite file",
    "Any TensorFlow Lite runtime loads it; labels, feature block and memory plan are in its metadata.",
    export_command::configure};

}  // namespace mote
