#if defined(__AVXVNNI__)
#include "toolchain/quantize/simd/loops.h"

namespace mote {

extern const Int8Primitives kAvxVnniInt8;
const Int8Primitives kAvxVnniInt8 = primitives_of_level("avx-vnni");

}  // namespace mote
#endif
