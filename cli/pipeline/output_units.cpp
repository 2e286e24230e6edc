#include "cli/pipeline/output_units.h"

#include "cli/pipeline/windows.h"
#include "toolchain/graph/passes/passes.h"

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

}  // namespace mote
