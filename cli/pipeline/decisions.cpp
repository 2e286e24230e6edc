#include "cli/pipeline/decisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/pipeline/anomaly.h"
#include "cli/pipeline/metrics_json.h"
#include "toolchain/compile/decision.h"
#include "toolchain/data/streams.h"
#include "toolchain/train/detections.h"

namespace mote {
namespace {

// Firmware makes events of an int8 model's answers only (toolchain/compile/application.h).
bool has_events(const ProjectConfig& project, const Int8Executor& model) {
  const bool integers = model.input_type(0).dtype == DType::int8 && model.output_type(0).dtype == DType::int8;
  return project.task != DataTask::regression && integers && model.output_count() == 1;
}

// Labels that are events, 1 for each. An anomaly is the one event of anomaly detection.
std::vector<uint8_t> counting_labels(const ProjectConfig& project, const Dataset& dataset, const DecisionRule& rule) {
  if (project.task == DataTask::anomaly) return {1};
  std::vector<uint8_t> counts;
  for (size_t i = 0; i < dataset.classes.size(); ++i) {
    const auto label = static_cast<int32_t>(i);
    const bool ignored = std::find(rule.ignored.begin(), rule.ignored.end(), label) != rule.ignored.end();
    counts.push_back(!ignored && dataset.classes[i] != project.goal.rejected);
  }
  return counts;
}

StreamShape stream_shape(const Dataset& dataset, std::vector<uint8_t> counts) {
  return {dataset.contract.window, dataset.contract.stride, dataset.contract.rate_hz,
          static_cast<int32_t>(counts.size()), std::move(counts)};
}

// Anomaly detection: anomalies of two kinds that follow one another are one event.
std::vector<LabelledTime> labelled_times(const Dataset& dataset, const DataStream& stream) {
  std::vector<LabelledTime> times;
  for (const Bout& bout : stream.bouts) {
    const bool anomaly = dataset.task == DataTask::anomaly;
    const int32_t label = !anomaly ? bout.label : dataset.normal[static_cast<size_t>(bout.label)] != 0 ? kNothing : 0;
    if (anomaly && !times.empty() && times.back().label == label)
      times.back().end = bout.end;
    else
      times.push_back({label, bout.begin, bout.end});
  }
  return times;
}

// The recordings of a part with what the model makes of every window.
Result<std::vector<LabelledStream>> labelled_streams(const Loaded& loaded, const DataPart& part,
                                                     const Int8Executor& model, ThreadPool& pool) {
  const std::vector<DataStream> streams = streams_of(loaded.dataset, part);
  DataPart all;
  for (const DataStream& stream : streams)
    all.windows.insert(all.windows.end(), stream.windows.begin(), stream.windows.end());
  MOTE_TRY(const std::vector<uint8_t> inputs, stored_inputs(loaded, all, model.input_type(0)));
  MOTE_TRY(const std::vector<uint8_t> outputs, run_batch(model, inputs, all.size(), pool, Rows::examples));
  std::vector<float> scores;
  if (loaded.dataset.task == DataTask::anomaly) {
    MOTE_TRY(scores, anomaly_scores(model, inputs, outputs, all.size()));
  }
  const std::vector<int64_t> groups = window_groups(loaded.dataset, all);
  const auto row = static_cast<size_t>(output_row_bytes(model));
  std::vector<LabelledStream> labelled;
  size_t first = 0;
  for (const DataStream& stream : streams) {
    const size_t last = first + stream.windows.size();
    LabelledStream one;
    one.bouts = labelled_times(loaded.dataset, stream);
    one.readings = stream.readings;
    one.group = groups.empty() ? static_cast<int64_t>(labelled.size()) : groups[first];
    for (size_t i = first; i < last && !scores.empty(); ++i) one.scores.push_back(scores[i]);
    for (size_t i = first * row; i < last * row && scores.empty(); ++i)
      one.outputs.push_back(static_cast<int8_t>(outputs[i]));
    labelled.push_back(std::move(one));
    first = last;
  }
  return labelled;
}

EventRule event_rule(const Int8Executor& model, const StreamShape& shape, const OperatingPoint& point, bool anomaly) {
  EventRule rule{point.decision.smoothing, point.decision.debounce, point.decision.refractory, {}, 0};
  const std::vector<double> thresholds = point.thresholds ? point.thresholds->values : std::vector<double>();
  if (anomaly) {
    rule.smoothing = 1;
    rule.score_above = thresholds.empty() ? 0 : thresholds[0];
  } else {
    rule.thresholds =
        stored_thresholds(thresholds, point.decision, model.output_type(0).quant, static_cast<size_t>(shape.labels));
  }
  return rule;
}

Json latency_json(const std::vector<double>& latencies) {
  if (latencies.empty()) return {};
  const auto at = [&](double share) {  // the smallest that at least this share does not exceed
    return latencies[static_cast<size_t>(std::ceil(share * static_cast<double>(latencies.size())) - 1)];
  };
  return {{"median", at(0.5)}, {"p90", at(0.9)}, {"largest", latencies.back()}};
}

Json to_json(const LabelDetections& one) {
  return {{"events", one.detected.of},
          {"detected", to_json(one.detected)},
          {"right", one.right},
          {"false", one.wrong},
          {"false_per_hour", one.false_per_hour},
          {"false_per_hour_ci95", to_json(one.false_per_hour_ci95)},
          {"latency_s", latency_json(one.latencies)}};
}

Json rule_json(const Dataset& dataset, const DecisionRule& rule) {
  Json ignored = Json::array();
  for (const int32_t label : rule.ignored) ignored.push_back(dataset.classes[static_cast<size_t>(label)]);
  return {{"smoothing", dataset.task == DataTask::anomaly ? 1 : rule.smoothing},
          {"debounce", rule.debounce},
          {"refractory_s", rule.refractory * dataset.contract.stride / dataset.contract.rate_hz},
          {"ignored", std::move(ignored)}};
}

}  // namespace

Result<DecisionRule> decision_rule(const ProjectConfig& project, const Dataset& dataset) {
  const DecisionConfig& config = project.decision;
  DecisionRule rule{config.smoothing.value_or(1), config.debounce.value_or(1), 0, {}};
  const RecordingContract& contract = dataset.contract;
  if (config.refractory > 0 && contract.rate_hz <= 0)
    return input_error(fmt::format("{}: the data have no rate, so windows come at no known times; take the key out",
                                   project.where("decision.refractory")));
  if (config.refractory > 0)
    rule.refractory = static_cast<int32_t>(std::ceil(config.refractory * contract.rate_hz / contract.stride - 1e-9));
  for (const std::string& name : config.ignore) {
    const auto found = std::find(dataset.classes.begin(), dataset.classes.end(), name);
    if (found == dataset.classes.end())
      return input_error(fmt::format("{}: there is no class '{}'; the data have {}", project.where("decision.ignore"),
                                     name, fmt::join(dataset.classes, ", ")));
    rule.ignored.push_back(static_cast<int32_t>(found - dataset.classes.begin()));
  }
  std::sort(rule.ignored.begin(), rule.ignored.end());
  return rule;
}

Result<OperatingPoint> choose_operating_point(const ProjectConfig& project, const Loaded& loaded,
                                              const Int8Executor& model, ThreadPool& pool) {
  const Dataset& dataset = loaded.dataset;
  OperatingPoint point;
  MOTE_TRY(point.decision, decision_rule(project, dataset));
  if (!project.decision.false_per_hour) {
    MOTE_TRY(point.thresholds, choose_thresholds(project, loaded, int8_form(model, pool)));
    return point;
  }
  if (!has_events(project, model))
    return input_error(project.where("decision.false_per_hour") +
                       ": the firmware makes events of models with an int8 input and an int8 output; take the key out, "
                       "or [quantize] activations");
  MOTE_CHECK(check_decision_data(project, loaded));
  MOTE_TRY(const std::vector<LabelledStream> streams, labelled_streams(loaded, dataset.validation, model, pool));
  const StreamShape shape = stream_shape(dataset, counting_labels(project, dataset, point.decision));
  MOTE_TRY(const EventRule rule, choose_rule(streams, shape,
                                             {*project.decision.false_per_hour, project.decision.smoothing,
                                              project.decision.debounce, point.decision.refractory}));
  point.decision.smoothing = rule.smoothing;
  point.decision.debounce = rule.debounce;
  if (project.task == DataTask::anomaly) {
    point.thresholds = Thresholds{{rule.score_above}, kNothing};
    return point;
  }
  point.decision.ignored.clear();
  std::vector<double> values;
  const QuantParams quant = model.output_type(0).quant;
  for (size_t i = 0; i < shape.counts.size(); ++i) {
    if (shape.counts[i] == 0) point.decision.ignored.push_back(static_cast<int32_t>(i));
    values.push_back(shape.counts[i] == 0 ? 0 : threshold_value(rule.thresholds[i], quant));
  }
  point.thresholds = Thresholds{std::move(values), kNothing};
  return point;
}

Result<void> check_decision_data(const ProjectConfig& project, const Loaded& loaded) {
  const Dataset& dataset = loaded.dataset;
  if (!project.decision.false_per_hour || !streams_of(dataset, dataset.validation).empty()) return {};
  const std::string where = project.where("decision.false_per_hour");
  if (dataset.contract.rate_hz <= 0 || dataset.contract.height > 0)
    return input_error(where + ": the data have no rate, so there are no hours to count in; take the key out");
  if (dataset.split_by == "random")
    return input_error(where + ": a random split tears recordings to windows; split by file, time or group");
  return input_error(where + ": it is chosen on the validation part, which is empty: give it a share in [data] split");
}

bool judges_decisions(const ProjectConfig& project) {
  return !project.section("decision").empty() || project.decision.false_per_hour;
}

Result<std::optional<Json>> decision_metrics(const ProjectConfig& project, const Loaded& loaded, const DataPart& part,
                                             const Int8Executor& model, const OperatingPoint& point, ThreadPool& pool) {
  const Dataset& dataset = loaded.dataset;
  const bool anomaly = project.task == DataTask::anomaly;
  if (!has_events(project, model) || (anomaly && !point.thresholds) || streams_of(dataset, part).empty())
    return std::optional<Json>();
  MOTE_TRY(const std::vector<LabelledStream> streams, labelled_streams(loaded, part, model, pool));
  const StreamShape shape = stream_shape(dataset, counting_labels(project, dataset, point.decision));
  MOTE_TRY(const DetectionMetrics metrics, detection_metrics(streams, shape, event_rule(model, shape, point, anomaly)));
  Json json = {{"rule", rule_json(dataset, point.decision)},
               {"streams", metrics.streams},
               {"hours", metrics.hours},
               {"too_short", metrics.too_short},
               {"all", to_json(metrics.all)},
               {"labels", Json::array()}};
  for (size_t i = 0; i < metrics.labels.size(); ++i) {
    if (shape.counts[i] == 0) continue;
    Json label = to_json(metrics.labels[i]);
    label["name"] = anomaly ? "anomaly" : dataset.classes[i];
    json["labels"].push_back(std::move(label));
  }
  return std::optional<Json>(std::move(json));
}

}  // namespace mote
