#include <fmt/format.h>

#include "cli/latest_run.h"
#include "cli/project/project.h"
#include "cli/verb.h"
#include "toolchain/data/check.h"
#include "toolchain/data/clean.h"

namespace mote {
namespace {
namespace data_clean_command {

constexpr size_t kShownChanges = 5;  // of each kind

struct Options {
  std::vector<std::string> fix;
  bool all = false, undo = false;
};

std::string counted(size_t n, const char* noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

Result<Outcome> undo(Session& session, const fs::path& folder) {
  MOTE_TRY(Cleaning cleaning, Cleaning::load(folder));
  if (cleaning.steps() == 0)
    return input_error(fmt::format("{}: there is no {}, so nothing was cleaned", folder.string(), Cleaning::kFile));
  const std::vector<Change> changes = cleaning.undo();
  MOTE_CHECK(cleaning.save(folder));
  session.console.text(fmt::format(
      "{} taken back; {}\n", counted(changes.size(), "change"),
      cleaning.steps() == 0 ? "recordings are read as they are" : counted(cleaning.steps(), "earlier step") + " left"));
  session.console.object({{"undone", changes.size()}, {"steps", cleaning.steps()}});
  return Outcome::done;
}

// What people can do next.
std::string advice(const CleanPlan& plan, bool done) {
  std::string text;
  if (!plan.only_people.empty()) {
    std::string kinds;
    for (const auto& [kind, n] : plan.only_people)
      kinds += fmt::format("{}{} ({})", kinds.empty() ? "" : ", ", kind, n);
    text += fmt::format("\nonly people can repair: {}; see `mote data check`\n", kinds);
  }
  if (done)
    return text + fmt::format(
                      "\nThe recordings are as they were; the changes stand in {} and are made while reading.\n"
                      "`mote data clean --undo` takes them back.\n",
                      Cleaning::kFile);
  if (plan.kinds.empty()) return text;
  return text +
         fmt::format("\nNothing was changed. `mote data clean --fix {}` makes changes of these kinds, --all all.\n",
                     fmt::join(plan.kinds, " --fix "));
}

Result<Outcome> run(Session& session, const Options& options) {
  MOTE_TRY(const fs::path folder, project_folder(session));
  const bool change = options.all || !options.fix.empty();
  if (options.undo && change) return input_error("--undo takes changes back; it goes without --fix and --all");
  const Workspace workspace(folder);
  std::optional<FileLock> lock;
  if (options.undo || change) {
    MOTE_TRY(FileLock held, workspace.lock());
    lock.emplace(std::move(held));
  }
  if (options.undo) return undo(session, folder);
  MOTE_TRY(ProjectConfig project, load_project(folder));
  project.data.seed = session.seed.value_or(project.seed);
  MOTE_TRY(const CheckReport report, check_data(project.data, folder, session.console.progress()));
  const std::set<std::string> kinds =
      options.all ? std::set<std::string>() : std::set<std::string>(options.fix.begin(), options.fix.end());
  MOTE_TRY(const CleanPlan plan, plan_repairs(report, kinds));
  if (change && !plan.changes.empty()) {
    MOTE_TRY(Cleaning cleaning, Cleaning::load(folder));
    MOTE_CHECK(cleaning.add(plan.changes, folder));
    MOTE_CHECK(cleaning.save(folder));
  }
  const std::string sums =
      fmt::format("{} in {}", counted(plan.changes.size(), "change"), counted(static_cast<size_t>(plan.files), "file"));
  if (plan.changes.empty())
    session.console.text("nothing to repair\n" + advice(plan, false));
  else
    session.console.text(sums + (change ? " made\n" : " would be made\n") + to_text(plan, change ? 0 : kShownChanges) +
                         advice(plan, change));
  Json json = to_json(plan);
  json["made"] = change;
  session.console.object(json);
  return Outcome::done;
}

Run configure(CommandLine& command) {
  const auto options = std::make_shared<Options>();
  command.add_option("--fix", options->fix, "Repair findings of this kind, such as outlier; may be given again")
      ->type_name("KIND");
  command.add_flag("--all", options->all, "Repair everything that can be repaired");
  command.add_flag("--undo", options->undo, "Take the last repair back");
  return [options](Session& session) { return run(session, *options); };
}

}  // namespace data_clean_command
}  // namespace

extern const Verb data_clean_verb;
const Verb data_clean_verb{"data clean",
                           "Repair what `mote data check` found, only when asked, so that it can be undone",
                           "Without --fix or --all it shows what would be changed. Files of recordings stay as they "
                           "are: changes stand in cleaning.json, which every verb reads.",
                           data_clean_command::configure};

}  // namespace mote
