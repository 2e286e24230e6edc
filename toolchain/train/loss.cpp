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

}  // namespace

void LossSums::add(const LossSums& other) {
  loss += other.loss;
  weight += other.weight;
  metric += other.metric;
  count += other.count;
}

double batch_weight(const LossConfig& config, std::span<const int32_t> labels) {
  if (config.class_weights.empty()) return static_cast<double>(labels.size());
  double total = 0;
  for (const int32_t label : labels) total += double{config.class_weights[static_cast<size_t>(label)]};
  return total;
}

LossSums cross_entropy(const LossConfig& config, std::span<const int32_t> labels, int32_t classes, const float* logits,
                       const float* probabilities, float beta, double total_weight, float* gradient) {
  LossSums sums;
  for (const int32_t label : labels) {
    const double weight = config.class_weights.empty() ? 1.0 : double{config.class_weights[static_cast<size_t>(label)]};
    int32_t largest = 0;
    for (int32_t c = 1; c < classes; ++c)
      if (logits[c] > logits[largest] || std::isnan(logits[c])) largest = c;
    // -log p[label] without taking the logarithm of a probability that may have rounded to zero: p[largest] >= 1 /
    // classes.
    const double loss =
        double{beta} * (double{logits[largest]} - double{logits[label]}) - std::log(double{probabilities[largest]});
    sums.loss += weight * loss;
    sums.weight += weight;
    sums.metric += largest == label ? 1 : 0;
    sums.count += 1;
    if (gradient != nullptr) {
      const float scale = static_cast<float>(double{beta} * weight / total_weight);
      for (int32_t c = 0; c < classes; ++c) gradient[c] = scale * probabilities[c];
      gradient[label] = scale * (probabilities[label] - 1.0f);
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
