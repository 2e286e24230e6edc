#include "toolchain/train/thresholds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "toolchain/train/bootstrap.h"

namespace mote {
namespace {

// How many of `count` may be wrong. The addition keeps 0.01 x 300 from becoming 2.
size_t allowed_errors(double rate, size_t count) {
  return static_cast<size_t>(std::floor(rate * static_cast<double>(count) + 1e-9));
}

size_t largest(std::span<const float> scores) {
  return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

// Halfway between the score that must not be accepted and the next one above it, so that small differences change
// nothing; just above it when there is none.
double threshold_above(float excluded, std::span<const float> scores) {
  float next = std::numeric_limits<float>::infinity();
  for (const float score : scores)
    if (score > excluded) next = std::min(next, score);
  if (std::isinf(next)) return double{std::nextafter(excluded, next)};
  return (double{excluded} + double{next}) / 2;
}

std::vector<uint8_t> where(std::span<const int32_t> values, auto condition) {
  std::vector<uint8_t> flags;
  for (size_t i = 0; i < values.size(); ++i) flags.push_back(condition(i, values[i]));
  return flags;
}

}  // namespace

int32_t accepted_class(std::span<const float> scores, std::span<const double> thresholds) {
  const size_t best = largest(scores);
  const bool accepted = thresholds.empty() || double{scores[best]} >= thresholds[best];
  return accepted ? static_cast<int32_t>(best) : kNothing;
}

Result<std::vector<double>> choose_thresholds(std::span<const int32_t> truth, std::span<const float> scores,
                                              int32_t classes, int32_t rejected, double rate) {
  const auto width = static_cast<size_t>(std::max(classes, 1));
  MOTE_CHECK(check_examples(truth.size() * width, scores.size(), {}, truth.size()));
  std::vector<double> thresholds(width, 0.0);
  for (int32_t c = 0; c < classes; ++c) {
    if (c == rejected) continue;
    std::vector<float> winning, wrong;  // scores of class c where it is the largest
    size_t others = 0;
    for (size_t i = 0; i < truth.size(); ++i) {
      others += truth[i] != c;
      const std::span<const float> row = scores.subspan(i * width, width);
      if (largest(row) != static_cast<size_t>(c)) continue;
      winning.push_back(row[static_cast<size_t>(c)]);
      if (truth[i] != c) wrong.push_back(winning.back());
    }
    const size_t allowed = allowed_errors(rate, others);
    if (wrong.size() <= allowed) continue;
    std::sort(wrong.begin(), wrong.end(), std::greater<float>());
    thresholds[static_cast<size_t>(c)] = threshold_above(wrong[allowed], winning);
  }
  return thresholds;
}

Share share_of(std::span<const uint8_t> hits, std::span<const uint8_t> counted, const BootstrapConfig& bootstrap) {
  Share share;
  for (size_t i = 0; i < hits.size(); ++i) {
    share.of += counted[i];
    share.hits += counted[i] & hits[i];
  }
  share.value = share.of > 0 ? static_cast<double>(share.hits) / static_cast<double>(share.of) : std::nan("");
  share.ci95 = proportion_interval(hits, counted, bootstrap);
  return share;
}

Result<AcceptanceMetrics> acceptance_metrics(std::span<const int32_t> truth, std::span<const float> scores,
                                             std::span<const double> thresholds, int32_t rejected,
                                             const BootstrapConfig& bootstrap) {
  const size_t width = thresholds.size();
  MOTE_CHECK(check_examples(truth.size() * width, scores.size(), bootstrap, truth.size()));
  std::vector<int32_t> taken;
  for (size_t i = 0; i < truth.size(); ++i)
    taken.push_back(accepted_class(scores.subspan(i * width, width), thresholds));
  AcceptanceMetrics metrics;
  for (int32_t c = 0; c < static_cast<int32_t>(width); ++c) {
    const auto is_taken = where(taken, [&](size_t, int32_t answer) { return answer == c; });
    const auto is_missed = where(taken, [&](size_t, int32_t answer) { return answer != c; });
    const auto is_class = where(truth, [&](size_t, int32_t label) { return label == c; });
    const auto is_other = where(truth, [&](size_t, int32_t label) { return label != c; });
    metrics.class_false_accepts.push_back(share_of(is_taken, is_other, bootstrap));
    metrics.class_false_rejects.push_back(share_of(is_missed, is_class, bootstrap));
  }
  const auto wrong = where(
      taken, [&](size_t i, int32_t answer) { return answer != kNothing && answer != rejected && answer != truth[i]; });
  const auto missed = where(taken, [&](size_t i, int32_t answer) { return answer != truth[i]; });
  const auto all = where(truth, [](size_t, int32_t) { return true; });
  const auto meant = where(truth, [&](size_t, int32_t label) { return label != rejected; });
  metrics.false_accepts = share_of(wrong, all, bootstrap);
  metrics.false_rejects = share_of(missed, meant, bootstrap);
  return metrics;
}

Result<double> anomaly_threshold(std::span<const float> normal_scores, double rate) {
  MOTE_CHECK(check_examples(normal_scores.size(), normal_scores.size(), {}, normal_scores.size()));
  std::vector<float> sorted(normal_scores.begin(), normal_scores.end());
  std::sort(sorted.begin(), sorted.end(), std::greater<float>());
  const size_t allowed = std::min(allowed_errors(rate, sorted.size()), sorted.size() - 1);
  if (!std::isfinite(sorted.front())) return input_error("an anomaly score of the validation part is not finite");
  return double{sorted[allowed]};
}

}  // namespace mote
