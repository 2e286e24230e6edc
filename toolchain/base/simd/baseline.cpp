#include "toolchain/base/simd/level.h"

namespace mote {

extern const SimdKernels kBaselineKernels;
#if defined(__aarch64__)
const SimdKernels kBaselineKernels = MOTE_SIMD_LEVEL("neon");
#elif defined(__SSE2__)
const SimdKernels kBaselineKernels = MOTE_SIMD_LEVEL("sse2");
#else
const SimdKernels kBaselineKernels = MOTE_SIMD_LEVEL("generic");
#endif

}  // namespace mote
