#if defined(__aarch64__)
#include "toolchain/quantize/simd/loops.h"

namespace mote {

extern const Int8Primitives kNeonInt8;
const Int8Primitives kNeonInt8 = primitives_of_level("neon");

}  // namespace mote
#endif
