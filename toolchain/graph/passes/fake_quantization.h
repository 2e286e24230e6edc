// Training with the int8 model's numbers: fake quantization put into a float graph, and taken out again.
#pragma once
#include <span>
#include <vector>

#include "toolchain/graph/tensor_range.h"

namespace mote {

struct FakeQuantization {
  std::span<const TensorRange> ranges;  // of every activation, as apply_quantization() takes them
  bool per_channel_weights = false;     // of dense layers too; filters have a scale for each channel anyway
  // Ranges widen by 1 - momentum of what a batch, with `margin` more, exceeds them by; 1 = they stay.
  float momentum = 1;
  float margin = 0;
  // What the deployed model's output is of this graph's: output * scale + offset for each index of the last dimension
  // (fold_output_affine()). Empty = the same. `ranges` and quantization are of the deployed model.
  std::span<const float> output_scale = {}, output_offset = {};
  // Indices of the nodes that are quantized, their weights and their outputs; all others stay in float. Empty = all.
  std::span<const int32_t> only = {};
};

// Puts fake quantization behind every input and layer whose output the int8 model rounds, and before every layer with
// weights; these become trainable. What an operand that is a constant has stays as it is. A graph output whose scale is
// fixed (a softmax) is left as it is: the loss sees more than 256 levels.
// Errors: a layer that cannot be quantized, or whose inputs would have to be requantized to one scale.
Result<void> insert_fake_quantization(Graph& graph, const FakeQuantization& quantization);

// The graph as it was, with the weights that it has now. Gives the ranges as they are now.
// REQUIRES: no tensor was added since insert_fake_quantization().
Result<std::vector<TensorRange>> remove_fake_quantization(Graph& graph);

}  // namespace mote
