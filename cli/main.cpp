// mote: from sensor recordings to a model running on a microcontroller.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <vector>

#include "cli/verb.h"
#include "toolchain/base/text.h"

namespace mote {

#define MOTE_VERB(identifier) extern const Verb identifier##_verb;
#include "cli/verbs.def"
#undef MOTE_VERB

namespace {

constexpr int kInputError = 2;
constexpr int kDefect = 3;
constexpr int kInterrupted = 130;  // as a shell reports a program that SIGINT ended
constexpr int kMostThreads = 1024;

const Verb* const kVerbs[] = {
#define MOTE_VERB(identifier) &identifier##_verb,
#include "cli/verbs.def"
#undef MOTE_VERB
};

struct GlobalOptions {
  bool json = false;
  std::optional<int> threads;
  std::optional<uint64_t> seed;
  std::string project;
};

void add_global_options(CLI::App& app, GlobalOptions& options) {
  app.add_flag("--json", options.json, "Print one JSON object on standard output; messages go to standard error");
  app.add_option("--project", options.project, "The project's folder [the nearest one above with a mote.toml]")
      ->type_name("DIR");
  app.add_option("--threads", options.threads, "Threads where work is parallel; results do not depend on it")
      ->envname("MOTE_THREADS")
      ->type_name("N");
  app.add_option("--seed", options.seed, "Seed of everything random, instead of the project's")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
}

struct Command {
  CLI::App* app;
  Run run;
};

// "data check" makes `check` below `data`; the group is made once.
CLI::App* add_subcommand(CLI::App& app, const Verb& verb) {
  const std::string name = verb.name;
  const size_t space = name.find(' ');
  CLI::App* parent = &app;
  if (space != std::string::npos) {
    const std::string group = name.substr(0, space);
    const auto groups = app.get_subcommands([&](CLI::App* each) { return each->get_name() == group; });
    parent = groups.empty() ? nullptr : groups.front();
    if (parent == nullptr)  // not a verb of its own
      parent = app.add_subcommand(group, "Get, record, check, clean, show and export recordings")
                   ->group("Verbs")
                   ->require_subcommand(1);
    parent->fallthrough();
  }
  CLI::App* command = parent->add_subcommand(name.substr(space + 1), verb.summary)->group("Verbs");
  if (*verb.details != '\0') command->footer(verb.details);
  command->fallthrough();
  return command;
}

std::vector<Command> add_verbs(CLI::App& app) {
  std::vector<Command> commands;
  for (const Verb* verb : kVerbs) {
    CLI::App* command = add_subcommand(app, *verb);
    CommandLine line(*command);
    commands.push_back({command, verb->configure(line)});
  }
  return commands;
}

// The innermost subcommand that the arguments named.
CLI::App& innermost(CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.front());
}

std::string explain_extra(CLI::App& app) {
  CLI::App& command = innermost(app);
  const std::vector<std::string> extras = app.remaining(true);
  const std::string extra = extras.empty() ? "" : extras.front();
  const bool option = extra.starts_with("-");
  std::vector<std::string> known;
  if (option) {
    for (CLI::App* level = &command; level != nullptr; level = level->get_parent())
      for (const CLI::Option* each : level->get_options())
        if (each->nonpositional()) known.push_back(each->get_name());
  } else {
    for (const CLI::App* each : command.get_subcommands(nullptr)) known.push_back(each->get_name());
  }
  const std::string where = &command == &app ? "mote" : "mote " + command.get_name();
  if (known.empty()) return fmt::format("unexpected argument '{}'; see `{} --help`", extra, where);
  return fmt::format("unknown {} '{}'; did you mean '{}'? See `{} --help`", option ? "option" : "verb", extra,
                     nearest_name(extra, known), where);
}

// To standard error, and as {"error": ...} where a JSON object was asked for and none was printed. Returns the exit
// status.
int report(const Error& error, Console* console = nullptr) {
  const bool ours = error.kind == Error::Kind::defect;
  const auto [kind, status] = ours                                     ? std::pair("defect", kDefect)
                              : error.kind == Error::Kind::interrupted ? std::pair("interrupted", kInterrupted)
                                                                       : std::pair("input", kInputError);
  std::fprintf(
      stderr,
      ours ? "mote: defect: %s\nThis is a fault of mote; please report it with the command you typed.\n" : "mote: %s\n",
      error.message.c_str());
  if (console != nullptr && !console->object_printed())
    console->object({{"error", {{"kind", kind}, {"message", error.message}}}, {"exit_status", status}});
  return status;
}

int dispatch(const GlobalOptions& options, const std::vector<Command>& commands) {
  Console console(options.json);
  if (options.threads && (*options.threads < 1 || *options.threads > kMostThreads))
    return report(
        input_error(fmt::format("--threads {}: expected a number from 1 to {}", *options.threads, kMostThreads)),
        &console);
  Session session{console, options.project, options.seed, options.threads.value_or(0)};
  for (const Command& command : commands) {
    if (!command.app->parsed() || !command.app->get_subcommands().empty()) continue;
    const Result<Outcome> outcome = command.run(session);
    console.finish();
    if (!outcome.ok()) return report(outcome.error(), &console);
    if (std::ferror(stdout) != 0) return report(input_error("standard output could not be written"));
    return static_cast<int>(outcome.value());
  }
  return report(defect("no verb ran"));
}

int main_program(int argc, char** argv) {
  CLI::App app(
      "mote: from sensor recordings to a model running on a microcontroller, and what it costs there.\n"
      "Start with `mote init NAME`, then `cd NAME` and `mote build`.",
      "mote");
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  GlobalOptions options;
  add_global_options(app, options);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("mote ") + MOTE_VERSION);
  app.footer(
      "Exit status: 0 done; 1 done, but short of the goal or over the budget; 2 wrong input; 3 a defect of mote; 130 "
      "interrupted.");
  const std::vector<Command> commands = add_verbs(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(innermost(app).help().c_str(), stdout);
    return 0;
  } catch (const CLI::CallForVersion& version) {
    std::printf("%s\n", version.what());
    return 0;
  } catch (const CLI::ExtrasError&) {
    return report(input_error(explain_extra(app)));
  } catch (const CLI::ParseError& error) {
    if (!app.remaining(true).empty()) return report(input_error(explain_extra(app)));
    return report(input_error(fmt::format("{}; see `mote --help`", error.what())));
  }
  return dispatch(options, commands);
}

}  // namespace
}  // namespace mote

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk, not the end of the program
  try {
    return mote::main_program(argc, argv);
  } catch (const std::bad_alloc&) {
    return mote::report(mote::input_error("not enough memory for this input"));
  } catch (const std::exception& error) {
    return mote::report(mote::defect(error.what()));
  }
}
