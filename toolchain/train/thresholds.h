// When the largest output is taken for an answer, and when it is none.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/train/metrics.h"

namespace mote {

// What a row of scores is taken for: the class with the largest score, the first of equals, if that reaches the class's
// threshold; else kNothing. No thresholds: always the class.
inline constexpr int32_t kNothing = -1;
int32_t accepted_class(std::span<const float> scores, std::span<const double> thresholds);

// The lowest thresholds at which, for each class, at most `rate` of the examples of other classes are taken for it.
// Class `rejected` (kNothing = there is none) means that nothing happened: to be taken for it does no harm, and its
// threshold is 0. scores: examples x classes, row by row.
Result<std::vector<double>> choose_thresholds(std::span<const int32_t> truth, std::span<const float> scores,
                                              int32_t classes, int32_t rejected, double rate);

// A share of some examples with its 95 % interval; NaN of none.
struct Share {
  int64_t hits = 0, of = 0;
  double value = 0;
  Interval ci95;
};
// hits[i] of the examples that counted[i] says count.
Share share_of(std::span<const uint8_t> hits, std::span<const uint8_t> counted, const BootstrapConfig& bootstrap);

struct AcceptanceMetrics {
  Share false_accepts;  // examples that were taken for a class that they are not of, `rejected` aside
  Share false_rejects;  // of the examples of all classes but `rejected`: not taken for their class
  std::vector<Share> class_false_accepts;  // of the examples of other classes: taken for this one
  std::vector<Share> class_false_rejects;  // of the examples of this class: not taken for it
};
Result<AcceptanceMetrics> acceptance_metrics(std::span<const int32_t> truth, std::span<const float> scores,
                                             std::span<const double> thresholds, int32_t rejected,
                                             const BootstrapConfig& bootstrap = {});

// The lowest threshold for anomaly scores above which at most `rate` of these, of normal examples, lie: a score that is
// equal to it is still normal.
Result<double> anomaly_threshold(std::span<const float> normal_scores, double rate);

}  // namespace mote
