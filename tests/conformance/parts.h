// Rows in parts against all rows at once (FloatCall::row).
#pragma once
#include <span>
#include <string>

#include "tests/conformance/case_model.h"

namespace mote::conformance {

// The input has a row for each example, as the data that the operator works on.
bool has_rows(const OpDef& op, std::span<const TensorType> inputs, size_t input);

// The case with seven times its rows, forward and backward: at once, and in parts of three. Empty = outputs and all
// gradients agree; otherwise the first disagreement.
std::string compare_parts(const CaseModel& float_model, bool training);

}  // namespace mote::conformance
