// `mote build` and `mote train`: the steps in order, a run for the history, the artefacts, the verdict.
#pragma once
#include "cli/session.h"

namespace mote {

enum class Target {
  run,        // train, quantize, evaluate, measure; adds a run
  artefacts,  // and puts the model, the firmware and the report into build/
};

struct BuildOptions {
  Target target = Target::artefacts;
  bool train_again = false;    // even when nothing changed
  bool only_quantize = false;  // refuse to train: the float model must be there
  bool aware = false;          // method "qat", whatever the project says
  bool show_layers = false;    // print the table of errors per layer
  bool leakage = false;        // train once more on a random split of the windows, to compare
};

Result<Outcome> build_project(Session& session, const BuildOptions& options);

}  // namespace mote
