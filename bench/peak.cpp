#include <time.h>

#include <algorithm>

#include "bench/contestants.h"

namespace bench {

double seconds_now(int threads) {
  timespec now{};
  clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double peak_macs_per_second() {
#if defined(__AVX512F__)
  typedef float Vector __attribute__((vector_size(64)));
#elif defined(__AVX__)
  typedef float Vector __attribute__((vector_size(32)));
#else
  typedef float Vector __attribute__((vector_size(16)));
#endif
  constexpr int kChains = 10;  // independent sums: latency 4 x 2 units, within 16 registers
  constexpr int kSteps = 100000;
  double best = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    Vector sums[kChains], factor = Vector{} + 1.0001f, term = Vector{} + 0.5f;
    for (int j = 0; j < kChains; ++j) sums[j] = Vector{} + static_cast<float>(j);  // equal ones would be computed once
    const double start = seconds_now(1);
    for (int i = 0; i < kSteps; ++i) {
#pragma GCC unroll 16
      for (int j = 0; j < kChains; ++j) sums[j] = sums[j] * factor + term;
      asm volatile("" ::: "memory");
    }
    const double seconds = seconds_now(1) - start;
    for (int j = 1; j < kChains; ++j) sums[0] += sums[j];
    volatile float keep = sums[0][0];
    (void)keep;
    best = std::max(best, double{kSteps} * kChains * (sizeof(Vector) / sizeof(float)) / seconds);
  }
  return best;
}

}  // namespace bench
