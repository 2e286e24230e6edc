// The product over a set of dimensions, in float, in the order of the input.
#pragma once
#include "device/reduce.h"

namespace mote {

constexpr int32_t kReduceProdCode = 81;

struct ReduceProdFloat32 {
  using Stored = float;
  Reduction reduction;

  float operator()(const float* first) const {
    return fold(reduction.reduced, first, 1.0f, [](float product, float x) { return product * x; });
  }
};

inline Status reduce_setup(const TensorInfo&, const TensorInfo&, ReduceProdFloat32&) {
  return Status::ok;
}

constexpr Kernel reduce_prod_float32 = reduce_kernel<ReduceProdFloat32>(kReduceProdCode);

}  // namespace mote
