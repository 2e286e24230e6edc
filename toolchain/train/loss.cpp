#include "toolchain/train/loss.h"

#include <cmath>

#include "toolchain/base/simd/simd.h"

namespace mote {
namespace {

// The mean absolute error is Huber's loss that bends so early that nobody sees it; powers of two keep it exact.
ErrorLoss error_loss_of(const LossConfig& config) {
  if (config.loss == Loss::mse) return {.factor = 2};
  if (config.loss == Loss::mae) return {.factor = 0x1p100f, .bend = 0x1p-100f};
  return {.bend = config.huber_delta};
}

struct RowTarget {
  int32_t label, other;
  double share, rest;  // of these two in the target; rest = 0 when they are one class
  double weight;
};
RowTarget row_target(const LossConfig& config, const RowLabels& rows, size_t i) {
  const int32_t label = rows.labels[i], other = rows.mixed.empty() ? label : rows.mixed[i];
  const double share = label == other ? 1.0 : double{rows.share}, kept = 1 - double{config.label_smoothing};
  const auto weight_of = [&](int32_t c) {
    return config.class_weights.empty() ? 1.0 : double{config.class_weights[static_cast<size_t>(c)]};
  };
  return {label, other, kept * share, kept * (1 - share), share * weight_of(label) + (1 - share) * weight_of(other)};
}

}  // namespace

void LossSums::add(const LossSums& other) {
  loss += other.loss;
  weight += other.weight;
  metric += other.metric;
  count += other.count;
}

double batch_weight(const LossConfig& config, const RowLabels& rows) {
  double total = 0;
  for (size_t i = 0; i < rows.labels.size(); ++i) total += row_target(config, rows, i).weight;
  return total;
}

LossSums cross_entropy(const LossConfig& config, const RowLabels& rows, int32_t classes, const float* logits,
                       const float* probabilities, float beta, double total_weight, float* gradient) {
  LossSums sums;
  const double spread = double{config.label_smoothing} / classes;
  for (size_t i = 0; i < rows.labels.size(); ++i) {
    const RowTarget target = row_target(config, rows, i);
    int32_t largest = 0;
    for (int32_t c = 1; c < classes; ++c)
      if (logits[c] > logits[largest] || std::isnan(logits[c])) largest = c;
    // -log p[c] without taking the logarithm of a probability that may have rounded to zero: p[largest] >= 1 / classes.
    const double log_largest = std::log(double{probabilities[largest]});
    const auto loss_of = [&](int32_t c) {
      return double{beta} * (double{logits[largest]} - double{logits[c]}) - log_largest;
    };
    double loss = target.share * loss_of(target.label);
    if (target.rest != 0) loss += target.rest * loss_of(target.other);
    for (int32_t c = 0; spread != 0 && c < classes; ++c) loss += spread * loss_of(c);
    sums.loss += target.weight * loss;
    sums.weight += target.weight;
    sums.metric += largest == target.label ? 1 : 0;
    sums.count += 1;
    if (gradient != nullptr) {
      const float scale = static_cast<float>(double{beta} * target.weight / total_weight);
      const auto towards = [&](int32_t c, double share) {
        gradient[c] = scale * (probabilities[c] - static_cast<float>(spread + share));
      };
      for (int32_t c = 0; c < classes; ++c) towards(c, 0);
      if (target.rest != 0) towards(target.other, target.rest);
      towards(target.label, target.share);
      gradient += classes;
    }
    logits += classes;
    probabilities += classes;
  }
  return sums;
}

LossSums regression_loss(const LossConfig& config, int64_t values, const float* outputs, const float* targets,
                         double total, float* gradient) {
  const ErrorSums sums =
      simd().error_loss(values, error_loss_of(config), outputs, targets, static_cast<float>(1.0 / total), gradient);
  const auto count = static_cast<double>(values);
  return {sums.loss, count, sums.size, count};
}

}  // namespace mote
