#include "toolchain/train/optimizer.h"

#include <cmath>
#include <numbers>

#include "toolchain/base/simd/simd.h"

namespace mote {

double learning_rate_at(const TrainConfig& config, int64_t step, int64_t batches) {
  const double full = double{config.learning_rate};
  const int64_t warmup = std::min(config.warmup_epochs, config.epochs / 2) * batches;
  if (step <= warmup) return full * static_cast<double>(step) / static_cast<double>(warmup);
  const int64_t total = config.epochs * batches;
  switch (config.schedule) {
    case Schedule::constant:
      return full;
    case Schedule::cosine: {
      const double done = static_cast<double>(step - 1 - warmup) / static_cast<double>(total - warmup);
      return full * 0.5 * (1 + std::cos(std::numbers::pi * done));
    }
    case Schedule::step:
      return full *
             std::pow(double{config.step_factor}, static_cast<double>((step - 1) / batches / config.step_epochs));
  }
  return full;
}

void update_parameters(const TrainConfig& config, const ParameterLayout& layout, double rate, const float* gradients,
                       OptimizerState& state, float* weights) {
  const auto t = static_cast<double>(++state.steps);
  AdamStep adam{
      .rate = static_cast<float>(rate), .beta1 = config.beta1, .beta2 = config.beta2, .epsilon = config.epsilon};
  adam.correction1 = static_cast<float>(1 / (1 - std::pow(double{config.beta1}, t)));
  adam.correction2 = static_cast<float>(1 / (1 - std::pow(double{config.beta2}, t)));
  const SgdStep sgd{.rate = static_cast<float>(rate), .momentum = config.momentum};
  for (const Parameter& p : layout.parameters) {
    if (p.statistic) continue;
    const float* gradient = gradients + p.offset;
    float* first = state.first.data() + p.offset;
    if (config.optimizer == Optimizer::sgd) {
      simd().sgd(p.size, sgd, gradient, first, weights + p.offset);
    } else {
      adam.decay = config.optimizer == Optimizer::adamw && p.matrix ? config.weight_decay : 0.0f;
      simd().adam(p.size, adam, gradient, first, state.second.data() + p.offset, weights + p.offset);
    }
  }
}

}  // namespace mote
