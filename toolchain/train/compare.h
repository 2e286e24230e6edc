// Two models on the same examples: how far they differ, and whether that could be chance.
#pragma once
#include <cstdint>
#include <span>

#include "toolchain/train/metrics.h"

namespace mote {

struct PairedTest {
  int64_t count = 0;
  double difference = 0;     // accuracy, or mean absolute error: second less first
  Interval difference_ci95;  // bootstrap over the same examples, or groups, for both
  double p = 1;  // two-sided chance of a difference as large as this, or larger, between models that are equally good
  int64_t only_first = 0, only_second = 0;  // classification: examples that one gets right and the other not
};

// McNemar's test (1947) in its exact form: of the examples that only one gets right, each has a half for both.
// It takes examples as independent; groups widen the interval only. Errors: sizes that differ, no examples.
Result<PairedTest> compare_classifiers(std::span<const int32_t> truth, std::span<const int32_t> first,
                                       std::span<const int32_t> second, const BootstrapConfig& bootstrap = {});

// p is twice the share of bootstrap draws in which the difference of the mean absolute errors has the other sign.
Result<PairedTest> compare_regressors(std::span<const float> truth, std::span<const float> first,
                                      std::span<const float> second, int32_t outputs,
                                      const BootstrapConfig& bootstrap = {});

// P(X <= successes or X >= count - successes) of a fair coin thrown `count` times, at most 1.
double sign_test(int64_t successes, int64_t count);

}  // namespace mote
