// Batch to space: block[0] x block[1] small images collected into one, less its frame.
#pragma once
#include "device/space_batch.h"

namespace mote {

constexpr int32_t kBatchToSpaceNdCode = 37;

constexpr Kernel batch_to_space_nd_any = space_batch_kernel<false>(kBatchToSpaceNdCode);

}  // namespace mote
