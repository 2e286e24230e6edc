#include "cli/pipeline/aware.h"

#include <algorithm>

#include "cli/pipeline/output_units.h"
#include "toolchain/graph/passes/fake_quantization.h"

namespace mote {
namespace {

// Of what a batch exceeds a range by, the range keeps all but this share.
constexpr float kRangeMomentum = 0.9f;

TrainConfig aware_config(const ProjectConfig& project, TrainConfig config) {
  config.epochs = project.aware.epochs.value_or(std::max(1, (config.epochs + 2) / 3));
  config.rate_section = "quantize";
  config.learning_rate =
      project.aware.learning_rate ? static_cast<float>(*project.aware.learning_rate) : config.learning_rate / 10;
  config.warmup_epochs = std::min(config.warmup_epochs, (config.epochs - 1) / 2);
  return config;
}

// Layers of [train] freeze, as far as they still have weights of their own.
void freeze(Graph& graph, const std::vector<std::string>& layers) {
  for (Tensor& tensor : graph.tensors)
    if (std::ranges::find(layers, tensor.name.substr(0, tensor.name.find('/'))) != layers.end())
      tensor.trainable = false;
}

}  // namespace

Result<AwareModel> train_aware(TrainingJob job, const Progress& progress) {
  const ProjectConfig& project = job.project;
  const Dataset& dataset = job.loaded.dataset;
  AwareModel model;
  const WindowInputs calibration(job.loaded, dataset.train);
  MOTE_TRY(model.ranges, calibrate(job.graph, calibration, project.quantize, progress));
  const OutputUnits units = output_units(project, dataset);
  MOTE_CHECK(to_standard_units(job.graph, units));
  // Ranges that were chosen to clip stay as they are.
  const bool widen = project.quantize.method == RangeMethod::minmax;
  MOTE_CHECK(insert_fake_quantization(job.graph, {.ranges = model.ranges,
                                                  .per_channel_weights = project.quantize.per_channel_weights,
                                                  .momentum = widen ? kRangeMomentum : 1.0f,
                                                  .margin = static_cast<float>(project.quantize.margin),
                                                  .output_scale = units.scale,
                                                  .output_offset = units.offset}));
  freeze(job.graph, project.freeze);
  job.config = aware_config(project, job.config);
  MOTE_TRY(model.training, run_training(std::move(job), progress));
  MOTE_TRY(model.ranges, remove_fake_quantization(model.training.graph));
  model.graph = std::move(model.training.graph);
  MOTE_CHECK(to_physical_units(model.graph, units));
  return model;
}

}  // namespace mote
