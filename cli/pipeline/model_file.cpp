#include "cli/pipeline/model_file.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/pipeline/decisions.h"
#include "toolchain/graph/builder.h"
#include "toolchain/graph/layers/layer.h"
#include "toolchain/graph/training_form.h"
#include "toolchain/tflite/metadata.h"
#include "toolchain/tflite/reader.h"
#include "toolchain/tflite/writer.h"

namespace mote {
namespace {

Result<void> set_metadata(Graph& graph, const ProjectConfig& project, const Loaded& loaded) {
  ModelMetadata metadata;
  metadata.task = task_name(project.task);
  if (project.task == DataTask::classification) metadata.labels = loaded.dataset.classes;
  if (project.task == DataTask::regression) metadata.labels = loaded.dataset.targets;
  metadata.features = to_json(*loaded.features);
  MOTE_TRY(metadata.decision, decision_rule(project, loaded.dataset));
  metadata.fingerprint = loaded.dataset.fingerprint;
  graph.name = project.name;
  return set_model_metadata(graph, metadata);
}

// What to write for a last layer with so many outputs: a Dense with another number, or one more layer.
std::string corrected_layer(const std::string& layer, size_t units, bool classification) {
  const Result<ParsedLayer> parsed = parse_layer(layer);
  if (!parsed.ok() || parsed->written != "Dense")
    return fmt::format("end with \"Dense({}{})\"", units, classification ? ", softmax" : "");
  const size_t start = parsed->arguments.value(0).column - 1, end = layer.find_first_not_of("0123456789", start);
  return fmt::format("write \"{}{}{}\"", layer.substr(0, start), units,
                     end == std::string::npos ? "" : layer.substr(end));
}

// An auto-encoder gives as many numbers as it takes.
Result<void> check_autoencoder(const Graph& graph, const ProjectConfig& project) {
  const Shape& input = graph.tensors[static_cast<size_t>(graph.inputs[0])].type.shape;
  const Shape& output = graph.tensors[static_cast<size_t>(graph.outputs[0])].type.shape;
  if (input.elements() == output.elements()) return {};
  return input_error(fmt::format(
      "{}: anomaly detection takes a network that gives back its input: {} takes {} numbers "
      "and gives {}; write \"Autoencoder(128, 64, latent=8)\", or end with \"Dense({})\"",
      project.where("model.layers"), to_string(input), input.elements(), output.elements(), input.elements()));
}

Result<void> check_outputs(const Graph& graph, const ProjectConfig& project, const Dataset& dataset) {
  if (project.task == DataTask::anomaly) return check_autoencoder(graph, project);
  const bool classification = project.task == DataTask::classification;
  const std::vector<std::string>& wanted = classification ? dataset.classes : dataset.targets;
  const int32_t units = graph.tensors[static_cast<size_t>(graph.outputs[0])].type.shape.last();
  if (units == static_cast<int32_t>(wanted.size())) return {};
  return input_error(fmt::format("{}: the last layer {} has {} output{}; the data have {} {} ({}); {}",
                                 project.where("model.layers"), project.layers.back(), units, units == 1 ? "" : "s",
                                 wanted.size(), classification ? "classes" : "targets", fmt::join(wanted, ", "),
                                 corrected_layer(project.layers.back(), wanted.size(), classification)));
}

}  // namespace

Result<Graph> untrained_graph(const ProjectConfig& project, const Dataset& dataset, const Shape& input) {
  Result<Graph> graph = build_graph(project.layers, input, project.train.seed);
  if (!graph.ok()) return project.error_at("model.layers", graph.error());
  MOTE_CHECK(check_outputs(*graph, project, dataset));
  return graph;
}

Result<std::vector<uint8_t>> float_file(Graph graph, const ProjectConfig& project, const Loaded& loaded,
                                        const Graph* trained) {
  MOTE_CHECK(set_metadata(graph, project, loaded));
  if (trained != nullptr) keep_training_form(*trained, graph);
  MOTE_TRY(std::vector<uint8_t> bytes, write_tflite(graph));
  MOTE_CHECK(read_tflite("float.mote", bytes));
  return bytes;
}

Result<FloatModel> read_float_model(const std::string& name, const std::vector<uint8_t>& bytes) {
  FloatModel model;
  MOTE_TRY(model.graph, read_tflite(name, bytes));
  model.bytes = bytes.size();
  if (model.graph.metadata.erase(kTrainingFormMetadata) == 0) return model;
  MOTE_TRY(const std::vector<uint8_t> exported, write_tflite(model.graph));
  model.bytes = exported.size();
  return model;
}

Result<Int8File> int8_file(const Graph& float_graph, const ProjectConfig& project, const Loaded& loaded,
                           const Progress& progress) {
  std::vector<std::string> notes;
  const WindowInputs calibration(loaded, loaded.dataset.train);
  MOTE_TRY(Graph graph, quantize_post_training(float_graph, calibration, project.quantize, progress, &notes));
  return planned_file(std::move(graph), std::move(notes), project, loaded);
}

Result<Int8File> planned_file(Graph quantized, std::vector<std::string> notes, const ProjectConfig& project,
                              const Loaded& loaded) {
  Int8File file;
  file.notes = std::move(notes);
  MOTE_CHECK(set_metadata(quantized, project, loaded));
  MOTE_TRY(file.bytes, write_tflite(quantized));
  MOTE_TRY(file.graph, read_tflite("model.tflite", file.bytes));
  MOTE_TRY(file.plan, plan_memory(file.graph));
  add_offline_plan(file.graph, file.plan);
  MOTE_TRY(file.bytes, write_tflite(file.graph));
  MOTE_TRY(file.graph, read_tflite("model.tflite", file.bytes));
  return file;
}

Result<void> add_operating_point(Int8File& file, const OperatingPoint& point) {
  MOTE_TRY(const std::optional<ModelMetadata> found, model_metadata(file.graph));
  ModelMetadata metadata = found.value_or(ModelMetadata());
  if (point.thresholds) metadata.thresholds = point.thresholds->values;
  metadata.decision = point.decision;
  MOTE_CHECK(set_model_metadata(file.graph, metadata));
  MOTE_TRY(file.bytes, write_tflite(file.graph));
  MOTE_TRY(file.graph, read_tflite("model.tflite", file.bytes));
  return {};
}

Json arena_json(const Graph& graph, const MemoryPlan& plan) {
  Json tensors = Json::array();
  for (size_t t = 0; t < graph.tensors.size(); ++t) {
    if (plan.offsets[t] < 0) continue;
    tensors.push_back({{"name", graph.tensors[t].name},
                       {"offset", plan.offsets[t]},
                       {"bytes", graph.tensors[t].type.bytes()},
                       {"first", plan.lifetimes[t].first},
                       {"last", plan.lifetimes[t].last}});
  }
  Json nodes = Json::array();
  for (const Node& node : graph.nodes) nodes.push_back(node.name);
  return {{"bytes", plan.arena_bytes},
          {"lower_bound", plan.lower_bound},
          {"tensors", std::move(tensors)},
          {"nodes", std::move(nodes)}};
}

}  // namespace mote
