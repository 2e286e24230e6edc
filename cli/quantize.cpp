#include "cli/pipeline/build.h"
#include "cli/verb.h"

namespace mote {
namespace {
namespace quantize_command {

Run configure(CommandLine&) {
  return [](Session& session) {
    return build_project(session, {.target = Target::run, .only_quantize = true, .show_layers = true});
  };
}

}  // namespace quantize_command
}  // namespace

extern const Verb quantize_verb;
const Verb quantize_verb{"quantize", "int8 again from the trained model, with the error of each layer",
                         "Change [quantize] in mote.toml and look what it does; nothing is trained again.",
                         quantize_command::configure};

}  // namespace mote
