// mote.toml as the configurations of the stages. Every key is described once, in keys.cpp.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"
#include "toolchain/data/config.h"
#include "toolchain/quantize/quantize.h"
#include "toolchain/train/train.h"

namespace mote {

// What must be reached. Classification has `accuracy`, regression one or more of the next three, anomaly detection
// `auc`.
struct MetricGoals {
  std::optional<double> accuracy, mae, rmse, r2, auc;
  std::vector<std::pair<std::string, double>> bars() const;  // those that are stated, by name
};

// A harder situation, with its own bar: the test part with noise mixed in.
struct GoalCondition {
  size_t index = 0;  // in the file
  std::string name;
  std::string noise;  // a glob of recordings, or "white"
  double snr_db = 0;
  MetricGoals goals;
  std::string key(const std::string& name_of_key) const;  // "goal.condition[0].noise"
};

// On the test part.
struct Goal : MetricGoals {
  std::optional<double> false_accepts;  // classification: thresholds are chosen so that a class has no larger share
  std::string rejected;                 // the class to be taken for which does no harm; empty = there is none
  std::optional<double> false_alarms;   // anomaly detection: share of normal windows above the threshold
  std::vector<GoalCondition> conditions;
};

struct Budget {
  std::string board;
  std::optional<double> flash, ram;  // bytes
  std::optional<double> latency;     // seconds for one inference
  std::optional<double> power;       // watts on average, at one inference per stride
};

struct FeatureConfig {
  std::string block = "raw";
  Json options = Json::object();  // the block's own keys
};

struct ClassWeights {
  bool balanced = false;
  std::map<std::string, double> by_class;  // classes not named weigh 1
};

// Training goes on with fake quantization, which the exported model then has.
struct AwareTraining {
  bool enabled = false;
  std::optional<int32_t> epochs;        // a third of [train] epochs
  std::optional<double> learning_rate;  // a tenth of [train] learning_rate
};

// How the firmware makes events of one answer after the other (device/decision.h).
struct DecisionConfig {
  std::optional<double> false_per_hour;        // at most: what is not stated is chosen for it
  std::optional<int32_t> smoothing, debounce;  // outputs, answers; not stated = 1, or chosen
  double refractory = 0;                       // seconds
  std::vector<std::string> ignore;             // classes
};

struct ProjectConfig {
  std::filesystem::path folder;
  std::string text;  // mote.toml, verbatim
  std::string name;
  DataTask task = DataTask::classification;
  uint64_t seed = 1;  // of the split, the first weights and the order of the examples
  Goal goal;
  Budget budget;
  DataConfig data;
  FeatureConfig features;
  std::vector<std::string> layers;
  TrainConfig train;
  ClassWeights class_weights;
  std::string start_from;           // a float model, relative to the project; empty = none
  std::vector<std::string> freeze;  // layers
  QuantizeConfig quantize;
  bool equalize = false;  // layers are brought to like weights before they are quantized
  AwareTraining aware;
  DecisionConfig decision;
  Json given = Json::object();  // {"train.epochs": 60, ...}: the keys as written, for fingerprints and records
  std::map<std::string, std::string> places;  // key -> "mote.toml:12:3"

  // "mote.toml:12:3: model.layers", or "mote.toml: model.layers" for a key that is not in the file.
  std::string where(const std::string& key) const;
  // A stage's error about the value of `key`, with its place in front.
  Error error_at(const std::string& key, const Error& error) const;
  // The keys of the sections as written: what a pipeline step depends on.
  Json section(const std::string& name) const;
};

const char* task_name(DataTask task);  // as in mote.toml
// [quantize] as a whole makes sense; also after the command line changed it.
Result<void> check_quantize(const ProjectConfig& project);

// The nearest folder at or above `start` that has a mote.toml. The error says how to make one.
Result<std::filesystem::path> find_project(const std::filesystem::path& start);
// Errors name file, line, column, key, what was expected and the nearest known key.
Result<ProjectConfig> load_project(const std::filesystem::path& folder);
// `file` is what messages call the text; checks everything that needs neither data nor the list of boards.
Result<ProjectConfig> parse_project(const std::string& file, const std::string& text);

// {"train.epochs": 60, ...}: what a project file says, of whatever version and without a check.
Result<Json> written_keys(const std::string& file, const std::string& text);

// The reference table of docs/guide: every key with its type, default and meaning, in Markdown.
std::string project_reference();

}  // namespace mote
