// Transpose: dimension i of the output is dimension input_1[i] of the input. Source: TFLite
// kernels/internal/reference/transpose.h.
#pragma once
#include "device/strided_copy.h"

namespace mote {

constexpr int32_t kTransposeCode = 39;

struct TransposeAttributes {
  static constexpr int32_t kOperands = 1;
  int8_t source[kMaxRank] = {};  // by dimension of the output
};

template <class V>
void visit(V&, TransposeAttributes&) {}

// Negative dimensions count from the end. False: not every dimension of the input is there once.
constexpr bool take_operands(TransposeAttributes& a, const Shape& input, const Integers* operands) {
  if (operands[0].count != input.rank) return false;
  uint32_t seen = 0;
  for (int32_t i = 0; i < input.rank; ++i) {
    int32_t dim = operands[0].values[i];
    if (dim < -input.rank || dim >= input.rank) return false;
    if (dim < 0) dim += input.rank;
    a.source[i] = static_cast<int8_t>(dim);
    seen |= uint32_t{1} << dim;
  }
  return seen == (uint32_t{1} << input.rank) - 1;
}

constexpr bool view_of(const TransposeAttributes& a, const Shape& input, StridedView& view) {
  int32_t steps[kMaxRank] = {};
  steps_in_a_row(input, steps);
  view.shape.rank = input.rank;
  for (int32_t i = 0; i < input.rank; ++i) {
    view.shape.dims[i] = input[a.source[i]];
    view.steps[i] = steps[a.source[i]];
  }
  view.sizes = view.shape;
  return true;
}

constexpr Kernel transpose_any = view_kernel<TransposeAttributes>(kTransposeCode);

}  // namespace mote
