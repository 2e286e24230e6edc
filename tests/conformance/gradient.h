// Backward against central differences.
#pragma once
#include <string>

#include "tests/conformance/case_model.h"

namespace mote::conformance {

// Compares every element of every input gradient with the derivative of  sum_k r_k y_k  (r random, the sum in double)
// by differences of fourth order, (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, at three steps h. An element agrees when
// one step does; it differs when the steps agree with each other and not with backward; otherwise it stands at a kink
// (relu) and is left out, but no more than two elements or one in five. Empty = agrees; otherwise the first
// disagreement. `training`: of a step of training; statistics have no gradient then or otherwise.
std::string compare_gradients(const CaseModel& float_model, bool training = false);

}  // namespace mote::conformance
