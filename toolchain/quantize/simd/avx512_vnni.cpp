#if defined(__AVX512VNNI__)
#include "toolchain/quantize/simd/loops.h"

namespace mote {

extern const Int8Primitives kAvx512VnniInt8;
const Int8Primitives kAvx512VnniInt8 = primitives_of_level("avx512-vnni");

}  // namespace mote
#endif
