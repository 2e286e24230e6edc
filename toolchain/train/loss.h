// The loss of a batch and its gradient, computed shard by shard.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "toolchain/train/train.h"

namespace mote {

// Sums over rows; the caller divides.
struct LossSums {
  double loss = 0;    // weighted
  double weight = 0;  // sum of the rows' weights; for regression the number of outputs
  double metric = 0;  // rows predicted right, or sum of absolute errors
  double count = 0;   // rows, or outputs

  void add(const LossSums& other);
};

struct LossConfig {
  Loss loss = Loss::cross_entropy;
  std::span<const float> class_weights;  // empty = all 1
  float huber_delta = 1;
  float label_smoothing = 0;
};

// The classes of some rows, one or two for each.
struct RowLabels {
  std::span<const int32_t> labels;
  std::span<const int32_t> mixed;  // of the examples that were mixed into the rows; empty = none were
  float share = 1;                 // of `labels` in the target; the rest is of `mixed`

  RowLabels rows(size_t first, size_t count) const {
    return {labels.subspan(first, count), mixed.empty() ? mixed : mixed.subspan(first, count), share};
  }
};

// Total weight of the rows: what cross_entropy() divides by, the same for all shards of a batch.
double batch_weight(const LossConfig& config, const RowLabels& rows);

// Cross-entropy between the targets of the rows and softmax(beta * logits); `probabilities` is that softmax. The metric
// counts rows whose largest logit is that of their (first) label.
// gradient (may be nullptr) = d(sum of weighted losses / total_weight) / d logits.
LossSums cross_entropy(const LossConfig& config, const RowLabels& rows, int32_t classes, const float* logits,
                       const float* probabilities, float beta, double total_weight, float* gradient);

// Mean over `total` = rows x outputs of the whole batch; values = this shard's outputs.
LossSums regression_loss(const LossConfig& config, int64_t values, const float* outputs, const float* targets,
                         double total, float* gradient);

}  // namespace mote
