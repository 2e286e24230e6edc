// The metadata entry "mote": what firmware and evaluation need and TFLite has no field for. JSON, see docs/formats.md.
// (The offline memory plan is an entry of its own, in toolchain/plan/plan.h.)
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/graph/graph.h"

namespace mote {

// How int16 readings come about: count = saturate(round((value - origin) * counts_per_unit)).
struct ChannelContract {
  std::string name;
  std::string unit;             // "g", "degC"; empty = unknown
  double origin = 0;            // value at count 0, in `unit`
  double counts_per_unit = 1;

  bool operator==(const ChannelContract&) const = default;
};

struct RecordingContract {
  double rate_hz = 0;           // 0 = rows of a table, no time axis
  int32_t window = 1;           // readings per example
  int32_t stride = 1;           // readings between the starts of two examples
  std::vector<ChannelContract> channels;

  bool operator==(const RecordingContract&) const = default;
};

struct ModelMetadata {
  std::string task;                  // "classification", "regression", "anomaly"
  std::vector<std::string> labels;   // of the outputs, in order; regression: target names
  Json features = Json::object();    // FeatureBlock's own JSON
  RecordingContract recording;
  std::vector<double> thresholds;    // parallel to labels, or one for anomaly; empty = the largest output wins
  std::string fingerprint;           // of data and configuration
  Json goal = Json::object();        // the [goal] table of the project

  bool operator==(const ModelMetadata&) const = default;
};

inline constexpr const char* kMoteMetadata = "mote";

// nullopt: the model has no such entry (someone else's file). An error: it has one that is not as docs/formats.md says.
Result<std::optional<ModelMetadata>> model_metadata(const Graph& graph);
// Writes or replaces the entry. Equal values give equal bytes.
void set_model_metadata(Graph& graph, const ModelMetadata& metadata);

}  // namespace mote
