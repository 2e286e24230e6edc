// The train stage, fed with windows: settings of the project, progress, interruption.
#pragma once
#include "cli/pipeline/windows.h"
#include "cli/project/project.h"
#include "toolchain/base/progress.h"
#include "toolchain/train/train.h"

namespace mote {

struct TrainingJob {
  const ProjectConfig& project;
  const Loaded& loaded;
  Graph graph;                        // with its first weights
  TrainConfig config;                 // what the data and the machine say of it is filled in
  std::string stage;                  // what progress calls it: "train"
  int threads = 0;                    // 0 = chosen from the size of the graph
  std::filesystem::path checkpoints;  // folder; an interrupted job goes on from there
  std::string data_fingerprint;
};

// Errors: those of train(); the user's interruption (Ctrl-C), which says how to go on.
Result<TrainResult> run_training(TrainingJob job, const Progress& progress);

// {"epochs", "best_epoch", "stopped_early", "seconds", "planned_bytes", "examples_per_second", "notes",
//  "history": [...]}
// The validation figures are null without a validation part.
Json training_json(const TrainResult& result, bool validated);

}  // namespace mote
