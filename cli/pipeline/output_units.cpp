#include "cli/pipeline/output_units.h"

#include <fmt/format.h>

#include "cli/pipeline/windows.h"
#include "toolchain/graph/passes/passes.h"
#include "toolchain/report/format.h"

namespace mote {

OutputUnits output_units(const ProjectConfig& project, const Dataset& dataset) {
  if (project.task != DataTask::regression) return {};
  return {target_scale(dataset), {dataset.target_mean.begin(), dataset.target_mean.end()}};
}

Result<void> to_physical_units(Graph& graph, const OutputUnits& units) {
  if (units.scale.empty()) return {};
  return fold_output_affine(graph, units.scale, units.offset);
}

Result<void> to_standard_units(Graph& graph, const OutputUnits& units) {
  OutputUnits inverse;
  for (size_t i = 0; i < units.scale.size(); ++i) {
    inverse.scale.push_back(1 / units.scale[i]);
    inverse.offset.push_back(-units.offset[i] / units.scale[i]);
  }
  return to_physical_units(graph, inverse);
}

std::vector<std::string> coarse_targets(const Graph& quantized, const Dataset& dataset) {
  std::vector<std::string> warnings;
  const TensorType& output = quantized.tensors[static_cast<size_t>(quantized.outputs[0])].type;
  if (!output.quant.quantized()) return warnings;
  const double step = double{output.quant.scales[0]};
  for (size_t t = 0; t < dataset.targets.size(); ++t) {
    const double steps = dataset.target_deviation[t] / step;
    if (steps == 0 || steps >= kLeastSteps) continue;
    warnings.push_back(fmt::format(
        "warning: target '{}' has a deviation of {}, {:.2g} steps of the {} output's one scale ({}), expected at least "
        "{:g}: {}",
        dataset.targets[t], format_number(dataset.target_deviation[t]), steps, to_string(output.dtype),
        format_number(step), kLeastSteps,
        dataset.targets.size() > 1 ? "bring the targets to like units, or train a model for each"
                                   : "look for outliers among its values, or set quantize.activations = \"int16\""));
  }
  return warnings;
}

}  // namespace mote
