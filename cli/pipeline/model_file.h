// From graphs to the files that leave training: float.mote and model.tflite.
#pragma once
#include <string>
#include <vector>

#include "cli/pipeline/decisions.h"
#include "cli/pipeline/windows.h"
#include "cli/project/project.h"
#include "toolchain/graph/graph.h"
#include "toolchain/plan/plan.h"

namespace mote {

// The untrained graph of the project for these data, with its first weights. Errors stand at the key model.layers: a
// layer that does not parse, an output size that is not the number of classes or targets.
Result<Graph> untrained_graph(const ProjectConfig& project, const Dataset& dataset, const Shape& input);

// Puts the project's metadata (labels, feature block, goal, fingerprint) into the graph; writes and reads back. With
// the graph that was trained, whose exported form the first is, also its parameters (toolchain/graph/training_form.h).
Result<std::vector<uint8_t>> float_file(Graph graph, const ProjectConfig& project, const Loaded& loaded,
                                        const Graph* trained = nullptr);

// float.mote as the model that is quantized: without the parameters of training, which do not count in its size.
struct FloatModel {
  Graph graph;
  size_t bytes = 0;
};
Result<FloatModel> read_float_model(const std::string& name, const std::vector<uint8_t>& bytes);

struct Int8File {
  std::vector<uint8_t> bytes;
  Graph graph;  // as read back from the bytes
  MemoryPlan plan;
  std::vector<std::string> notes;  // of quantization
};
// Quantizes with the training part; then as the next.
Result<Int8File> int8_file(const Graph& float_graph, const ProjectConfig& project, const Loaded& loaded,
                           const Progress& progress);
// Plans the arena of the quantized graph's file as read back, and writes the plan into it.
Result<Int8File> planned_file(Graph quantized, std::vector<std::string> notes, const ProjectConfig& project,
                              const Loaded& loaded);

// What decides over the model's answers goes into the file. REQUIRES: a file of int8_file().
Result<void> add_operating_point(Int8File& file, const OperatingPoint& point);

// {"bytes", "lower_bound", "tensors": [{"name", "offset", "bytes", "first", "last"}], "nodes": [...]} for the report's
// arena map.
Json arena_json(const Graph& graph, const MemoryPlan& plan);

}  // namespace mote
