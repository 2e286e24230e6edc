#include "cli/pipeline/build.h"
#include "cli/pipeline/repeat.h"
#include "cli/verb.h"

namespace mote {
namespace {
namespace train_command {

Run configure(CommandLine& command) {
  auto repetition = std::make_shared<Repetition>();
  command
      .add_option("--seeds", repetition->seeds,
                  "Trains with this many seeds on the same split; mean and deviation, adds no run")
      ->range(1, 1000)
      ->type_name("N");
  command
      .add_option("--folds", repetition->folds,
                  "Cross-validation: trains once for each of N test parts; with as many folds as there are groups, "
                  "each is left out once")
      ->range(2, 1000)
      ->type_name("N");
  auto leakage = std::make_shared<bool>(false);
  command.add_flag("--leakage", *leakage,
                   "Trains once more on a random split of the windows: how much better it looks is what recordings of "
                   "the same people and days give away");
  command.add_flag("--qat", repetition->aware,
                   "Goes on with int8's rounding and clipping after training, as [quantize] method = \"qat\" does");
  return [repetition, leakage](Session& session) -> Result<Outcome> {
    if (repetition->seeds > 1 || repetition->folds > 0) {
      if (*leakage) return input_error("--leakage goes with neither --seeds nor --folds");
      return repeat_training(session, *repetition);
    }
    return build_project(session,
                         {.target = Target::run, .train_again = true, .aware = repetition->aware, .leakage = *leakage});
  };
}

}  // namespace train_command
}  // namespace

extern const Verb train_verb;
const Verb train_verb{"train", "Train, quantize, evaluate and measure; adds a run to the history",
                      "Trains even when nothing changed. Ctrl-C ends it; the same command goes on where it ended.",
                      train_command::configure};

}  // namespace mote
