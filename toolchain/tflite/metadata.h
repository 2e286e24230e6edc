// The metadata entry "mote": what firmware and evaluation need and TFLite has no field for. Compressed JSON, see
// docs/formats.md.
// (The offline memory plan is an entry of its own, in toolchain/plan/plan.h.)
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/graph/graph.h"

namespace mote {

// How a stream of outputs becomes events (device/decision.h). The least: every output is an event.
struct DecisionRule {
  int32_t smoothing = 1;         // outputs that are averaged, 1 to 255
  int32_t debounce = 1;          // times in a row that an answer has to be given, 1 to 255
  int32_t refractory = 0;        // outputs after an event in which there is none
  std::vector<int32_t> ignored;  // labels that are no events, by number, ascending
  bool operator==(const DecisionRule&) const = default;
};

struct ModelMetadata {
  std::string task;                 // "classification", "regression", "anomaly"
  std::vector<std::string> labels;  // of the outputs, in order; regression: target names
  Json features =
      Json::object();  // FeatureBlock's own JSON: block, parameters, recording contract (features/feature.h)
  std::vector<double> thresholds;  // parallel to labels, or one for anomaly; empty = the largest output wins
  std::string fingerprint;         // of data and configuration
  DecisionRule decision;

  bool operator==(const ModelMetadata&) const = default;
};

inline constexpr const char* kMoteMetadata = "mote";
inline constexpr size_t kMostMetadataText = size_t{4} << 20;  // bytes of JSON

// nullopt: the model has no such entry (someone else's file). An error: it has one that is not as docs/formats.md says.
Result<std::optional<ModelMetadata>> model_metadata(const Graph& graph);
// The JSON in the entry.
Json to_json(const ModelMetadata& metadata);
Result<ModelMetadata> metadata_from_json(const Json& json);
// Writes or replaces the entry. Equal values give equal bytes. An error: more text than a reader takes.
Result<void> set_model_metadata(Graph& graph, const ModelMetadata& metadata);

}  // namespace mote
