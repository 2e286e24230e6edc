// Declared cost against counted cost.
#pragma once
#include <cstdint>

#include "tests/conformance/case_model.h"

namespace mote::conformance {

// Multiply-accumulates counted from outside: the triples (element of input 0, weight, output) in which the output moves
// by the product when both move from zero to one. Activation and bias out of the way. 0 for an operator without
// weights.
int64_t count_macs(const CaseModel& float_model);

}  // namespace mote::conformance
