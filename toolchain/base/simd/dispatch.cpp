#include <array>
#include <atomic>

#include "toolchain/base/simd/simd.h"

namespace mote {

extern const SimdKernels kScalarKernels;
extern const SimdKernels kBaselineKernels;
#if defined(__x86_64__)
extern const SimdKernels kAvx2Kernels;
extern const SimdKernels kAvx512Kernels;
#endif

namespace {

struct Levels {
  std::array<const SimdKernels*, 4> kernels{};
  size_t count = 0;

  Levels() {
    kernels[count++] = &kScalarKernels;
    kernels[count++] = &kBaselineKernels;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels[count++] = &kAvx2Kernels;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      kernels[count++] = &kAvx512Kernels;
#endif
  }
};

const Levels& levels() {
  static const Levels found;
  return found;
}

std::atomic<const SimdKernels*>& chosen() {
  static std::atomic<const SimdKernels*> kernels = levels().kernels[levels().count - 1];
  return kernels;
}

}  // namespace

const SimdKernels& simd() {
  return *chosen().load(std::memory_order_relaxed);
}

std::span<const SimdKernels* const> simd_levels() {
  return {levels().kernels.data(), levels().count};
}

SimdOverride::SimdOverride(const SimdKernels& kernels) : previous_(chosen().exchange(&kernels)) {}
SimdOverride::~SimdOverride() {
  chosen().store(previous_);
}

}  // namespace mote
