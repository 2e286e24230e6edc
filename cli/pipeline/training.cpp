#include "cli/pipeline/training.h"

#include <fmt/format.h>

#include "cli/interrupt.h"
#include "toolchain/base/files.h"
#include "toolchain/base/text.h"
#include "toolchain/report/format.h"

namespace mote {
namespace {

// Below this many multiply-accumulates for one example, handing work to a second thread costs more than it saves,
// unless it is to vary the examples.
constexpr int64_t kMacsForThreads = 500'000;

Result<std::vector<float>> class_weights(const ProjectConfig& project, const Dataset& dataset,
                                         const Examples& training) {
  const auto& names = dataset.classes;
  if (project.class_weights.balanced) return balanced_class_weights(training, static_cast<int32_t>(names.size()));
  std::vector<float> weights;
  if (project.class_weights.by_class.empty()) return weights;
  weights.assign(names.size(), 1.0f);
  for (const auto& [name, weight] : project.class_weights.by_class) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      return input_error(fmt::format("{}: the data have no class '{}'; did you mean '{}'?",
                                     project.where("train.class_weights"), name, nearest_name(name, names)));
    weights[static_cast<size_t>(found - names.begin())] = static_cast<float>(weight);
  }
  return weights;
}

// One file per job, so that only the same job goes on from it; those of other jobs are removed.
Result<fs::path> checkpoint_path(const fs::path& folder, const std::string& fingerprint) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return input_error(fmt::format("{}: cannot be created: {}", folder.string(), failure.message()));
  const fs::path path = folder / (fingerprint + ".checkpoint");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure))
    if (entry.path() != path) fs::remove_all(entry.path(), failure);
  return path;
}

// Of the validation part, or of the training part when there is no other.
std::string describe(const EpochReport& epoch, bool classification, bool validated) {
  const double value = validated ? epoch.validation_metric : epoch.metric;
  const std::string metric =
      classification ? "accuracy " + format_percent(value) : format_number(value) + " deviations off";
  return fmt::format("loss {:.4f}{}  {}", epoch.loss,
                     validated ? fmt::format("  validation {:.4f}", epoch.validation_loss) : "", metric);
}

}  // namespace

Result<TrainResult> run_training(TrainingJob job, const Progress& progress) {
  const Dataset& dataset = job.loaded.dataset;
  Result<Augmenter> augmenter = Augmenter::create(job.project.data, dataset, job.project.folder);
  if (!augmenter.ok()) return job.project.error_at("data.augment", augmenter.error());
  const WindowExamples training(job.loaded, dataset.train, &*augmenter, true);
  const WindowExamples validation(job.loaded, dataset.validation, nullptr, false);

  TrainConfig config = job.config;
  const bool small = job.graph.macs() < kMacsForThreads && augmenter->empty();
  config.threads = job.threads > 0 ? job.threads : small ? 1 : default_threads();
  config.data_fingerprint = job.data_fingerprint;
  MOTE_TRY(config.class_weights, class_weights(job.project, dataset, training));
  MOTE_TRY(config.checkpoint, checkpoint_path(job.checkpoints, train_fingerprint(job.graph, config)));

  const bool classification = dataset.task == DataTask::classification;
  TrainCallbacks callbacks;
  callbacks.epoch = [&](const EpochReport& epoch) {
    if (progress)
      progress({job.stage, epoch.epoch, config.epochs, describe(epoch, classification, validation.count() > 0)});
  };
  callbacks.cancelled = [] { return InterruptGuard::interrupted(); };
  const InterruptGuard guard;
  MOTE_TRY(TrainResult result, train(std::move(job.graph), training, validation, config, callbacks));
  result.planned_bytes += training.kept_bytes();
  if (result.cancelled)
    return Error{Error::Kind::interrupted,
                 fmt::format("interrupted in epoch {} of {}; earlier results are untouched, and the same command goes "
                             "on from there",
                             result.history.size() + 1, config.epochs)};
  return result;
}

Json training_json(const TrainResult& result, bool validated) {
  Json history = Json::array();
  for (const EpochReport& epoch : result.history)
    history.push_back({{"epoch", epoch.epoch},
                       {"loss", epoch.loss},
                       {"metric", epoch.metric},
                       {"validation_loss", validated ? Json(epoch.validation_loss) : Json()},
                       {"validation_metric", validated ? Json(epoch.validation_metric) : Json()},
                       {"learning_rate", epoch.learning_rate}});
  return {
      {"epochs", result.history.size()},
      {"best_epoch", result.best_epoch},
      {"stopped_early", result.stopped_early},
      {"resumed_from", result.resumed_from},
      {"seconds", result.seconds},
      {"planned_bytes", result.planned_bytes},
      {"examples_per_second", result.seconds > 0 ? static_cast<double>(result.examples_seen) / result.seconds : 0.0},
      {"notes", Json::array()},
      {"history", std::move(history)}};
}

}  // namespace mote
