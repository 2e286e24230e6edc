// The negative in float, any shape.
#pragma once
#include "device/float_math.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kNegCode = 59;

struct NegAttributes {};

template <class V>
void visit(V&, NegAttributes&) {}

struct NegFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return -x; }
};

inline Status unary_setup(const NegAttributes&, const TensorInfo&, const TensorInfo&, NegFloat32&) {
  return Status::ok;
}

constexpr Kernel neg_float32 = unary_kernel<NegAttributes, NegFloat32>(kNegCode);

}  // namespace mote
