// The operators that a program names. Only these are linked.
#pragma once
#include "device/kernel.h"

namespace mote {

//   constexpr const Kernel* kKernels[] = {&fully_connected_int8, &softmax_int8};
//   Interpreter.init(model, bytes, resolve(kKernels), arena, sizeof arena);
struct Resolver {
  const Kernel* const* kernels = nullptr;
  int32_t count = 0;
};

template <int32_t kCount>
constexpr Resolver resolve(const Kernel* const (&kernels)[kCount]) {
  return Resolver{kernels, kCount};
}

}  // namespace mote
