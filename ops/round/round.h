// The nearest whole number in float, ties to even, any shape.
#pragma once
#include "device/float_rounding.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kRoundCode = 116;

struct RoundAttributes {};

template <class V>
void visit(V&, RoundAttributes&) {}

struct RoundFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return round_half_even(x); }
};

inline Status unary_setup(const RoundAttributes&, const TensorInfo&, const TensorInfo&, RoundFloat32&) {
  return Status::ok;
}

constexpr Kernel round_float32 = unary_kernel<RoundAttributes, RoundFloat32>(kRoundCode);

}  // namespace mote
