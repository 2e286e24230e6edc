#include "cli/pipeline/build.h"
#include "cli/verb.h"

namespace mote {
namespace {
namespace build_command {

Run configure(CommandLine&) {
  return [](Session& session) { return build_project(session, {.target = Target::artefacts}); };
}

}  // namespace build_command
}  // namespace

extern const Verb build_verb;
const Verb build_verb{"build", "Recordings to measured firmware and the verdict; redoes only what changed",
                      "Leaves build/model.tflite, build/firmware/ and build/report.html, and a run in the history.",
                      build_command::configure};

}  // namespace mote
