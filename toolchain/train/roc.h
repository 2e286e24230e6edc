// How well scores tell positive examples from negative ones, whatever the threshold: the receiver operating
// characteristic, the areas under it, and what a threshold does.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/base/result.h"
#include "toolchain/train/metrics.h"

namespace mote {

// Up to this share of false positives reaches the partial area.
inline constexpr double kPartialAreaReach = 0.1;

// What is called positive by some threshold, as shares of the negative and of the positive examples. The share of
// misses, of a detection error trade-off, is 1 - true_positives.
struct RocPoint {
  double false_positives = 0;
  double true_positives = 0;
  bool operator==(const RocPoint&) const = default;
};

struct RocMetrics {
  int64_t count = 0;
  int64_t positives = 0;
  // The chance that a positive example scores higher than a negative one; ties count half.
  double auc = 0;
  // The area up to kPartialAreaReach, scaled so that guessing gives 0.5 and the best curve 1 (McClish 1989).
  double partial_auc = 0;
  double equal_error_rate = 0;  // where as large a share of the positives is missed as of the negatives is taken
  Interval auc_ci95, partial_auc_ci95;  // bootstrap
  std::vector<RocPoint> curve;          // from (0, 0) to (1, 1), without points on a straight line
};

// `positive`: 1 or 0 for each example; a high score speaks for positive. Errors: sizes that differ, no positive or no
// negative example, a score that is no number.
Result<RocMetrics> roc_metrics(std::span<const uint8_t> positive, std::span<const float> scores,
                               const BootstrapConfig& bootstrap = {});

// One class against all others, by the class's own score.
struct OneVsRest {
  double macro_auc = 0;  // mean over the classes that have one; NaN when none has
  Interval macro_auc_ci95;
  std::vector<double> auc;                   // of each class; NaN when all examples are of it, or none is
  std::vector<std::vector<RocPoint>> curve;  // of each class; empty where there is no area
};
// scores: examples x classes, row by row.
Result<OneVsRest> one_vs_rest(std::span<const int32_t> truth, std::span<const float> scores, int32_t classes,
                              const BootstrapConfig& bootstrap = {});

// At most `points` of a curve, its ends among them.
std::vector<RocPoint> thinned(std::span<const RocPoint> curve, size_t points);

}  // namespace mote
