// Squeeze: the input without some dimensions of 1. Runs as RESHAPE. Source: TFLite micro/kernels/squeeze.cc.
#pragma once
#include "ops/reshape/reshape.h"

namespace mote {

constexpr int32_t kSqueezeCode = 43;

struct SqueezeAttributes {
  Shape squeeze_dims;  // numbers of dimensions; none: all of 1
};

template <class V>
void visit(V& v, SqueezeAttributes& a) {
  v.field(0, "squeeze_dims", a.squeeze_dims);
}

// Negative numbers count from the end. False: a dimension that is not there, or not 1.
constexpr bool squeeze_shape(const SqueezeAttributes& a, const Shape& input, Shape& output) {
  uint32_t gone = 0;
  for (int32_t i = 0; i < a.squeeze_dims.rank; ++i) {
    const int32_t dim = a.squeeze_dims[i] < 0 ? a.squeeze_dims[i] + input.rank : a.squeeze_dims[i];
    if (dim < 0 || dim >= input.rank || input[dim] != 1) return false;
    gone |= uint32_t{1} << dim;
  }
  output = Shape{};
  for (int32_t i = 0; i < input.rank; ++i) {
    const bool squeezed = a.squeeze_dims.rank == 0 ? input[i] == 1 : (gone >> i & 1) != 0;
    if (!squeezed) output.dims[output.rank++] = input[i];
  }
  return true;
}

constexpr Kernel squeeze_any = {kSqueezeCode, kAnyType, kAnyType, true, prepare_reshape, invoke_reshape};

}  // namespace mote
