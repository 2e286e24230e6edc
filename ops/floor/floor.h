// The next lower whole number in float, any shape.
#pragma once
#include "device/float_rounding.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kFloorCode = 8;

struct FloorAttributes {};

template <class V>
void visit(V&, FloorAttributes&) {}

struct FloorFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return floor_float(x); }
};

inline Status unary_setup(const FloorAttributes&, const TensorInfo&, const TensorInfo&, FloorFloat32&) {
  return Status::ok;
}

constexpr Kernel floor_float32 = unary_kernel<FloorAttributes, FloorFloat32>(kFloorCode);

}  // namespace mote
