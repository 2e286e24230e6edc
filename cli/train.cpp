#include "cli/pipeline/build.h"
#include "cli/verb.h"

namespace mote {
namespace {

Run configure(CLI::App&) {
  return [](Session& session) { return build_project(session, {.target = Target::run, .train_again = true}); };
}

}  // namespace

extern const Verb train_verb;
const Verb train_verb{"train", "Train, quantize, evaluate and measure; adds a run to the history",
                      "Trains even when nothing changed. Ctrl-C ends it; the same command goes on where it ended.",
                      configure};

}  // namespace mote
