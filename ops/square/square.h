// Square in float, any shape.
#pragma once
#include "device/unary.h"

namespace mote {

constexpr int32_t kSquareCode = 92;

struct SquareAttributes {};

template <class V>
void visit(V&, SquareAttributes&) {}

struct SquareFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return x * x; }
};

inline Status unary_setup(const SquareAttributes&, const TensorInfo&, const TensorInfo&, SquareFloat32&) {
  return Status::ok;
}

constexpr Kernel square_float32 = unary_kernel<SquareAttributes, SquareFloat32>(kSquareCode);

}  // namespace mote
