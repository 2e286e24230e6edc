// Small integer functions that operators and signal blocks share.
#pragma once
#include <stdint.h>

namespace mote {

inline int16_t saturate_int16(int32_t x) {
  return static_cast<int16_t>(x < -32768 ? -32768 : x > 32767 ? 32767 : x);
}

// Zero bits above the highest bit that is set; 32 for 0.
inline int32_t leading_zeros(uint32_t x) {
#if defined(__ARM_FEATURE_CLZ) || defined(__x86_64__) || defined(__aarch64__)
  return x == 0 ? 32 : __builtin_clz(x);
#else
  int32_t zeros = 32;
  for (int32_t step = 16; step > 0; step >>= 1)
    if (x >> step != 0) zeros -= step, x >>= step;
  return zeros - static_cast<int32_t>(x);
#endif
}

}  // namespace mote
