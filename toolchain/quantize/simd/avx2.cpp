#if defined(__AVX2__)
#include "toolchain/quantize/simd/loops.h"

namespace mote {

extern const Int8Primitives kAvx2Int8;
const Int8Primitives kAvx2Int8 = primitives_of_level("avx2");

}  // namespace mote
#endif
