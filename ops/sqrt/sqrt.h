// Square root in float, any shape: correctly rounded on every machine, NaN below zero.
#pragma once
#include "device/float_math.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kSqrtCode = 75;

struct SqrtAttributes {};

template <class V>
void visit(V&, SqrtAttributes&) {}

struct SqrtFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return sqrt_float(x); }
};

inline Status unary_setup(const SqrtAttributes&, const TensorInfo&, const TensorInfo&, SqrtFloat32&) {
  return Status::ok;
}

constexpr Kernel sqrt_float32 = unary_kernel<SqrtAttributes, SqrtFloat32>(kSqrtCode);

}  // namespace mote
