// Index of the smallest element along one dimension.
#pragma once
#include "device/arg_extremum.h"

namespace mote {

constexpr int32_t kArgMinCode = 79;

constexpr Kernel arg_min_int8 = arg_kernel<false, int8_t>(kArgMinCode);
constexpr Kernel arg_min_float32 = arg_kernel<false, float>(kArgMinCode);

}  // namespace mote
