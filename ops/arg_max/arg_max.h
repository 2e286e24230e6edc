// Index of the greatest element along one dimension.
#pragma once
#include "device/arg_extremum.h"

namespace mote {

constexpr int32_t kArgMaxCode = 56;

constexpr Kernel arg_max_int8 = arg_kernel<true, int8_t>(kArgMaxCode);
constexpr Kernel arg_max_float32 = arg_kernel<true, float>(kArgMaxCode);

}  // namespace mote
