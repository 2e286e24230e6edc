#if defined(__AVX2__)
#include "toolchain/quantize/simd/loops.h"

namespace mote {

extern const Int8Primitives kAvx2Int8, kAvx2BytesInt8;
const Int8Primitives kAvx2Int8 = primitives_of_level("avx2", &kAvx2BytesInt8);

}  // namespace mote
#endif
