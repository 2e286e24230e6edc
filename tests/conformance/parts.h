// Rows in parts against all rows at once (FloatCall::row), and a line taken against its numbers (FloatCall::line).
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

// The case on input 0 behind a line, forward and backward: given as numbers, and as a line that the operator takes.
// Empty = all agree; otherwise the first disagreement.
std::string compare_line(const CaseModel& float_model);

}  // namespace mote::conformance
