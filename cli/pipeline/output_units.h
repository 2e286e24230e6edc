// A regression is trained to targets with mean 0 and deviation 1; the exported model gives physical units.
#pragma once
#include <string>
#include <vector>

#include "cli/project/project.h"
#include "toolchain/data/dataset.h"
#include "toolchain/graph/graph.h"

namespace mote {

// Physical = standard * scale + offset, for each output; empty for other tasks.
struct OutputUnits {
  std::vector<float> scale, offset;
};
OutputUnits output_units(const ProjectConfig& project, const Dataset& dataset);

// Errors: those of fold_output_affine(). Both leave the graph as it is when there are no units.
Result<void> to_physical_units(Graph& graph, const OutputUnits& units);
Result<void> to_standard_units(Graph& graph, const OutputUnits& units);

// Warnings by name: targets whose deviation, in the training part, is less than kLeastSteps steps of the one scale that
// the outputs of the integer model share.
inline constexpr double kLeastSteps = 10;
std::vector<std::string> coarse_targets(const Graph& quantized, const Dataset& dataset);

}  // namespace mote
