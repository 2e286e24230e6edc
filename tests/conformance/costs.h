// Declared cost against counted cost.
#pragma once
#include <cstdint>

#include "tests/conformance/case_model.h"

namespace mote::conformance {

// Multiply-accumulates counted from outside: for one output, the pairs (element of input 0, weight) by whose product it
// moves when both move from zero to one. Activation and bias out of the way. A window at the border of an image sees
// less than the others, but the products with its padding count in a declared cost; so it lies between the two.
// Both are 0 for an operator without weights.
struct MacCount {
  int64_t least = 0;  // the count of the output that has most, times the outputs; where they differ, all counts
  int64_t most = 0;   // weights that lead to one output, times the outputs
};
MacCount count_macs(const CaseModel& float_model);

}  // namespace mote::conformance
