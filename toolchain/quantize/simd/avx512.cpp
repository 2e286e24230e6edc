#if defined(__AVX512BW__)
#include "toolchain/quantize/simd/loops.h"

namespace mote {

extern const Int8Primitives kAvx512Int8;
const Int8Primitives kAvx512Int8 = primitives_of_level("avx512");

}  // namespace mote
#endif
