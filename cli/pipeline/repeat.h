// The same training several times: how much the result depends on the seed, and on which part of the data is held out.
#pragma once
#include "cli/session.h"

namespace mote {

struct Repetition {
  int32_t seeds = 1;   // of the first weights and the order of the examples: the project's seed and those after it
  int32_t folds = 0;   // > 0: every seed once for each of so many test parts, which together are all data
  bool aware = false;  // method "qat", whatever the project says
};

// Trains, quantizes and judges each, and prints the figures of the judged part with their mean and standard deviation
// (of the sample). Results that are there already are taken up, so that an interrupted command goes on. Adds no run.
// Falls short when the mean of the int8 models does.
// {"seeds", "folds", "repetitions": [{"seed", "fold", "float": {...}, "int8": {...}}],
//  "float": {"accuracy": {"mean", "deviation"}, ...}, "int8": {...}, "goal", "verdict"}
Result<Outcome> repeat_training(Session& session, const Repetition& repetition);

}  // namespace mote
