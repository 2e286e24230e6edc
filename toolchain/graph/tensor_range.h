// What an activation's int8 numbers must reach.
#pragma once
#include "toolchain/graph/graph.h"

namespace mote {

// Range of one activation tensor, zero included.
struct TensorRange {
  int32_t tensor = kAbsent;  // index in the float graph
  float low = 0, high = 0;
};

}  // namespace mote
