#if defined(__AVX512F__)
#include "toolchain/base/simd/level.h"

namespace mote {

extern const SimdKernels kAvx512Kernels;
const SimdKernels kAvx512Kernels = MOTE_SIMD_LEVEL("avx512");

}  // namespace mote
#endif
