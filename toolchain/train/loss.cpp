#include "toolchain/train/loss.h"

#include <cmath>

namespace mote {
namespace {

// Loss and slope of one output at error e = output - target.
struct Point {
  double loss;
  double slope;
};
Point at_error(Loss loss, double e, double delta) {
  switch (loss) {
    case Loss::mse:
      return {e * e, 2 * e};
    case Loss::mae:
      return {std::abs(e), e > 0 ? 1.0 : e < 0 ? -1.0 : e};  // e: 0, or NaN that must stay visible
    case Loss::huber:
      if (std::abs(e) <= delta) return {0.5 * e * e, e};
      return {delta * (std::abs(e) - 0.5 * delta), std::isnan(e) ? e : std::copysign(delta, e)};
    case Loss::cross_entropy:
      break;
  }
  return {0, 0};
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
  LossSums sums;
  const double scale = 1.0 / total;
  for (int64_t i = 0; i < values; ++i) {
    const double error = double{outputs[i]} - double{targets[i]};
    const Point point = at_error(config.loss, error, double{config.huber_delta});
    sums.loss += point.loss;
    sums.metric += std::abs(error);
    if (gradient != nullptr) gradient[i] = static_cast<float>(point.slope * scale);
  }
  sums.weight = sums.count = static_cast<double>(values);
  return sums;
}

}  // namespace mote
