#if defined(__AVX2__)
#include "toolchain/base/simd/level.h"

namespace mote {

extern const SimdKernels kAvx2Kernels;
const SimdKernels kAvx2Kernels = MOTE_SIMD_LEVEL("avx2");

}  // namespace mote
#endif
