#include "toolchain/train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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

UpdateStep next_update(const TrainConfig& config, double rate, OptimizerState& state) {
  const auto t = static_cast<double>(++state.steps);
  UpdateStep step;
  step.adam = {
      .rate = static_cast<float>(rate), .beta1 = config.beta1, .beta2 = config.beta2, .epsilon = config.epsilon};
  step.adam.correction1 = static_cast<float>(1 / (1 - std::pow(double{config.beta1}, t)));
  step.adam.correction2 = static_cast<float>(1 / (1 - std::pow(double{config.beta2}, t)));
  step.sgd = {.rate = static_cast<float>(rate), .momentum = config.momentum};
  return step;
}

// With gradient, weight and state a piece stays in the second-level cache, and is worth waking a thread.
constexpr int64_t kPieceFloats = 16384;

int32_t pieces_of(const ParameterLayout& layout) {
  return static_cast<int32_t>((layout.total + kPieceFloats - 1) / kPieceFloats);
}

WeightPiece piece_of(const ParameterLayout& layout, int32_t index) {
  return {index * kPieceFloats, std::min((index + 1) * kPieceFloats, layout.total)};
}

void update_parameters(const TrainConfig& config, const ParameterLayout& layout, const UpdateStep& step,
                       WeightPiece piece, const float* gradients, const OptimizerState& state, float* weights) {
  for (const Parameter& p : layout.parameters) {
    if (p.statistic) continue;
    const int64_t begin = std::max(p.offset, piece.begin), end = std::min(p.offset + p.size, piece.end);
    if (begin >= end) continue;
    float* const first = state.first.data() + begin;
    if (config.optimizer == Optimizer::sgd) {
      simd().sgd(end - begin, step.sgd, gradients + begin, first, weights + begin);
    } else {
      AdamStep adam = step.adam;
      adam.decay = config.optimizer == Optimizer::adamw && p.matrix ? config.weight_decay : 0.0f;
      simd().adam(end - begin, adam, gradients + begin, first, state.second.data() + begin, weights + begin);
    }
  }
}

}  // namespace mote
