#include "cli/pipeline/build.h"
#include "cli/pipeline/repeat.h"
#include "cli/verb.h"

namespace mote {
namespace {

Run configure(CLI::App& command) {
  auto repetition = std::make_shared<Repetition>();
  command
      .add_option("--seeds", repetition->seeds,
                  "Trains with this many seeds on the same split; mean and deviation, adds no run")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  command
      .add_option("--folds", repetition->folds,
                  "Cross-validation: trains once for each of N test parts; with as many folds as there are groups, "
                  "each is left out once")
      ->check(CLI::Range(2, 1000))
      ->type_name("N");
  command.add_flag("--qat", repetition->aware,
                   "Goes on with int8's rounding and clipping after training, as [quantize] method = \"qat\" does");
  return [repetition](Session& session) {
    if (repetition->seeds > 1 || repetition->folds > 0) return repeat_training(session, *repetition);
    return build_project(session, {.target = Target::run, .train_again = true, .aware = repetition->aware});
  };
}

}  // namespace

extern const Verb train_verb;
const Verb train_verb{"train", "Train, quantize, evaluate and measure; adds a run to the history",
                      "Trains even when nothing changed. Ctrl-C ends it; the same command goes on where it ended.",
                      configure};

}  // namespace mote
