// The next higher whole number in float, any shape.
#pragma once
#include "device/float_rounding.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kCeilCode = 104;

struct CeilAttributes {};

template <class V>
void visit(V&, CeilAttributes&) {}

struct CeilFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return ceil_float(x); }
};

inline Status unary_setup(const CeilAttributes&, const TensorInfo&, const TensorInfo&, CeilFloat32&) {
  return Status::ok;
}

constexpr Kernel ceil_float32 = unary_kernel<CeilAttributes, CeilFloat32>(kCeilCode);

}  // namespace mote
