// The form of AVX2 whose inputs and weights stay bytes (Int8Primitives::bytes).
#if defined(__AVX2__)
#define MOTE_INT8_BYTES
#include "toolchain/quantize/simd/loops.h"

namespace mote {

extern const Int8Primitives kAvx2BytesInt8;
const Int8Primitives kAvx2BytesInt8 = primitives_of_level("avx2");

}  // namespace mote
#endif
