// The natural logarithm in float, any shape.
#pragma once
#include "device/float_math.h"
#include "device/unary.h"

namespace mote {

constexpr int32_t kLogCode = 73;

struct LogAttributes {};

template <class V>
void visit(V&, LogAttributes&) {}

struct LogFloat32 {
  using Stored = float;
  static constexpr int32_t kTabulateAbove = kNeverTabulate;
  int32_t count;

  float operator()(float x) const { return log_float(x); }
};

inline Status unary_setup(const LogAttributes&, const TensorInfo&, const TensorInfo&, LogFloat32&) {
  return Status::ok;
}

constexpr Kernel log_float32 = unary_kernel<LogAttributes, LogFloat32>(kLogCode);

}  // namespace mote
