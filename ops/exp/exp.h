// The exponential function in float, any shape.
#pragma once
#include "device/float_math.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kExpCode = 47;

struct ExpAttributes {};

template <class V>
void visit(V&, ExpAttributes&) {}

struct ExpFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return exp_float(x); }
};

inline Status unary_setup(const ExpAttributes&, const TensorInfo&, const TensorInfo&, ExpFloat32&) {
  return Status::ok;
}

constexpr Kernel exp_float32 = unary_kernel<ExpAttributes, ExpFloat32>(kExpCode);

}  // namespace mote
