// Events that firmware reports over time (device/decision.h) against what happened: detected events, false detections
// per hour, latency; and the rule that detects most within a stated rate of false ones.
//
// An event is a bout of a label that counts. A detection of a label is right when an event of that label lies, in part
// at least, in the readings that its answer rests on: those of the window, and of the windows before it that smoothing
// and debouncing look back at. It then belongs to the first such event that had none, else to the last one. Every other
// detection is false, whatever happens meanwhile; those of labels that do not count are neither.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/train/metrics.h"
#include "toolchain/train/thresholds.h"

namespace mote {

// Readings [begin, end) of one label. kNothing = nothing happens.
struct LabelledTime {
  int32_t label = 0;
  int64_t begin = 0, end = 0;
};

// A stretch of time without a gap. The firmware starts anew with each.
struct LabelledStream {
  std::vector<LabelledTime> bouts;  // in order, apart
  int64_t readings = 0;
  int64_t group = 0;            // for intervals, see BootstrapConfig
  std::vector<int8_t> outputs;  // a classifier's as stored, windows x labels
  std::vector<float> scores;    // of anomaly detection, one for each window
};

struct StreamShape {
  int32_t window = 1, stride = 1;  // readings
  double rate = 0;                 // Hz, above 0
  int32_t labels = 1;              // outputs; 1 for anomaly detection, whose label is 0
  std::vector<uint8_t> counts;     // for each label 1 if it is an event
};

struct EventRule {
  int32_t smoothing = 1, debounce = 1, refractory = 0;  // as DecisionRule
  std::vector<int16_t> thresholds;                      // of a classifier, as stored; 128 = never
  double score_above = 0;                               // anomaly detection
};

struct Detection {
  int64_t reading = 0;  // behind the last one of the window
  int32_t label = 0;
};
// What the firmware reports of a stream, with the firmware's own code.
std::vector<Detection> detections_of(const LabelledStream& stream, const StreamShape& shape, const EventRule& rule);

struct LabelDetections {
  Share detected;                // of the events
  int64_t right = 0, wrong = 0;  // detections
  double false_per_hour = 0;
  Interval false_per_hour_ci95;   // of a Poisson count
  std::vector<double> latencies;  // seconds from the beginning of a detected event to its first detection, ascending
};
struct DetectionMetrics {
  double hours = 0;
  int64_t streams = 0;
  int64_t too_short = 0;  // events in streams of fewer windows than `debounce`: none can be detected
  LabelDetections all;
  std::vector<LabelDetections> labels;
};
// Errors: no rate, outputs that are not windows x labels.
Result<DetectionMetrics> detection_metrics(const std::vector<LabelledStream>& streams, const StreamShape& shape,
                                           const EventRule& rule);

// 95 % interval of the mean of a Poisson count (Byar's approximation, Rothman & Boice 1979).
Interval poisson_interval(int64_t count);

// What is chosen, and what stands.
struct RuleChoice {
  double false_per_hour = 0;                   // at most
  std::optional<int32_t> smoothing, debounce;  // stated
  int32_t refractory = 0;
};
// The rule that detects most events with at most so many false detections per hour; of equal ones that with fewer false
// ones, then the fastest. Anomaly detection, which has no events to choose by: the lowest threshold within the rate,
// with the stated debouncing or none.
Result<EventRule> choose_rule(const std::vector<LabelledStream>& streams, const StreamShape& shape,
                              const RuleChoice& choice);

}  // namespace mote
