// Expand dims: a dimension of 1 more, at the place that input 1 states. Runs as RESHAPE. Source: TFLite
// micro/kernels/expand_dims.cc.
#pragma once
#include "device/strided_copy.h"
#include "ops/reshape/reshape.h"

namespace mote {

constexpr int32_t kExpandDimsCode = 70;

struct ExpandDimsAttributes {
  static constexpr int32_t kOperands = 1;
  int32_t axis = 0;  // taken from input 1; resolved
};

template <class V>
void visit(V&, ExpandDimsAttributes&) {}

// A negative axis counts from the end of the output. False: outside it.
constexpr bool take_operands(ExpandDimsAttributes& a, const Shape& input, const Integers* operands) {
  if (operands[0].count != 1 || input.rank == kMaxRank) return false;
  a.axis = operands[0].values[0];
  if (a.axis < 0) a.axis += input.rank + 1;
  return a.axis >= 0 && a.axis <= input.rank;
}

constexpr Shape expanded_shape(const ExpandDimsAttributes& a, const Shape& input) {
  Shape output;
  output.rank = input.rank + 1;
  for (int32_t i = 0; i < output.rank; ++i) output.dims[i] = i == a.axis ? 1 : input[i < a.axis ? i : i - 1];
  return output;
}

constexpr Kernel expand_dims_any = {kExpandDimsCode, kAnyType, kAnyType, true, prepare_reshape, invoke_reshape};

}  // namespace mote
