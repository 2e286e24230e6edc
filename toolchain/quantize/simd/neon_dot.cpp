#if defined(__ARM_FEATURE_DOTPROD)
#include "toolchain/quantize/simd/loops.h"

namespace mote {

extern const Int8Primitives kNeonDotInt8;
const Int8Primitives kNeonDotInt8 = primitives_of_level("neon-dot");

}  // namespace mote
#endif
