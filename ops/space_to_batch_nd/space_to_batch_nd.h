// Space to batch: the places of a framed image dealt out to block[0] x block[1] smaller images.
#pragma once
#include "device/space_batch.h"

namespace mote {

constexpr int32_t kSpaceToBatchNdCode = 38;

constexpr Kernel space_to_batch_nd_any = space_batch_kernel<true>(kSpaceToBatchNdCode);

}  // namespace mote
