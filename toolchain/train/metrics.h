// How good predictions are, with 95 % intervals. Works on the outputs of any executor.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/base/result.h"

namespace mote {

struct Interval {
  double low = 0;
  double high = 0;
};

struct ClassMetrics {
  int64_t count = 0;     // examples of this class
  double precision = 0;  // NaN when nothing was predicted as this class
  double recall = 0;     // NaN when the class has no examples
  double f1 = 0;         // NaN when both are
};

struct ClassificationMetrics {
  int64_t count = 0;
  double accuracy = 0;
  Interval accuracy_ci95;           // see proportion_interval() in bootstrap.h
  double balanced_accuracy = 0;     // mean recall of the classes that have examples
  Interval balanced_accuracy_ci95;  // bootstrap
  double macro_f1 = 0;              // mean f1 of the classes that have examples
  Interval macro_f1_ci95;           // bootstrap
  std::vector<ClassMetrics> classes;
  std::vector<int64_t> confusion;  // classes x classes, row = truth, column = prediction
};

struct TargetMetrics {
  double mae = 0;
  double rmse = 0;
  double r2 = 0;                          // 1 - squared error / variance of the target; NaN when it does not vary
  Interval mae_ci95, rmse_ci95, r2_ci95;  // bootstrap
};

struct RegressionMetrics {
  int64_t count = 0;
  TargetMetrics all;  // mae and rmse over all targets' values; r2 the mean of the targets that have one, else NaN
  std::vector<TargetMetrics> targets;
};

// Examples of one group (a person, a recording) are drawn together, since they are not independent.
struct BootstrapConfig {
  std::span<const int64_t> groups;  // one per example; empty = every example is its own group
  int32_t draws = 1000;
  uint64_t seed = 1;
};

// Errors: sizes that differ, no examples, groups for another number of examples.
Result<void> check_examples(size_t truth, size_t predictions, const BootstrapConfig& bootstrap, size_t examples);

// Index of the largest of each row of scores[rows x classes]; the first of equal ones, as TFLite's ARG_MAX. T: float,
// int8_t, uint8_t.
template <class T>
std::vector<int32_t> predicted_classes(std::span<const T> scores, int32_t classes) {
  std::vector<int32_t> predictions(scores.size() / static_cast<size_t>(classes));
  for (size_t row = 0; row < predictions.size(); ++row) {
    const T* score = scores.data() + row * static_cast<size_t>(classes);
    int32_t best = 0;
    for (int32_t c = 1; c < classes; ++c)
      if (score[c] > score[best]) best = c;
    predictions[row] = best;
  }
  return predictions;
}

// Errors: sizes that differ, no examples, a class out of [0, classes).
Result<ClassificationMetrics> classification_metrics(std::span<const int32_t> truth,
                                                     std::span<const int32_t> predictions, int32_t classes,
                                                     const BootstrapConfig& bootstrap = {});

// truth and predictions: examples x outputs, row by row, in physical units. An output is a target.
Result<RegressionMetrics> regression_metrics(std::span<const float> truth, std::span<const float> predictions,
                                             int32_t outputs, const BootstrapConfig& bootstrap = {});

// Wilson score interval (Wilson 1927) at 95 % of `successes` out of `count`.
Interval wilson_interval(int64_t successes, int64_t count);

}  // namespace mote
