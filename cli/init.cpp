#include <fmt/format.h>

#include "cli/project/project.h"
#include "cli/verb.h"
#include "toolchain/base/files.h"
#include "toolchain/base/text.h"
#include "toolchain/data/simulate.h"

namespace mote {
namespace {
namespace init_command {

struct Options {
  std::string folder;
  std::string like = "gestures";
  bool keys = false;
};

Result<Outcome> run(Session& session, const Options& options) {
  if (options.keys) return session.console.text(project_reference()), Outcome::done;
  if (options.folder.empty()) return input_error("init needs a name: `mote init NAME`");
  const std::vector<std::string> examples = example_names();
  if (std::find(examples.begin(), examples.end(), options.like) == examples.end())
    return input_error(fmt::format("--like {}: no such example; did you mean '{}'? There are: {}", options.like,
                                   nearest_name(options.like, examples), fmt::join(examples, ", ")));
  const fs::path folder =
      (session.project_folder.empty() ? fs::path(options.folder) : session.project_folder / options.folder)
          .lexically_normal();
  std::string name = folder.filename().string();
  if (name.empty()) name = folder.parent_path().filename().string();
  if (name.empty() || name == "." || name == "..")
    return input_error(fmt::format("'{}' is not a name for a project", options.folder));
  MOTE_CHECK(write_example(options.like, name, folder, session.seed.value_or(1)));
  session.console.text(
      fmt::format("{}/ is ready, with simulated recordings ({} example). Next:\n\n  cd {}\n  mote build\n",
                  folder.string(), options.like, folder.string()));
  session.console.object({{"project", name}, {"folder", fs::absolute(folder).string()}, {"example", options.like}});
  return Outcome::done;
}

Run configure(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command.add_option("name", options->folder, "Folder to make; its last part names the project");
  command.add_option("--like", options->like, "Example to start from: gestures or soil")
      ->type_name("EXAMPLE")
      ->capture_default_str();
  command.add_flag("--keys", options->keys,
                   "Print every key of mote.toml with type, default and meaning (Markdown), and end");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace init_command
}  // namespace

extern const Verb init_verb;
const Verb init_verb{"init", "Make a new project that builds, with simulated recordings to replace by your own",
                     "The recordings are simulated, so that the whole way works before you have any.",
                     init_command::configure};

}  // namespace mote
