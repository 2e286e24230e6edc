// Two measurements side by side.
#pragma once
#include <string>
#include <vector>

#include "toolchain/base/json.h"
#include "toolchain/base/result.h"

namespace mote {

struct FigurePair {
  std::string name;  // "flash code, B", or "cycles of dense_1"
  double before = 0, now = 0;
};

// The figures of two measurements in JSON form: flash, RAM, instructions, cycles, energy, then the cycles of each
// operator, which is the same in both when it writes a tensor of one name (0: one of them lacks it). Errors: input,
// naming `file` and the figure that its measurement, `before`, lacks.
Result<std::vector<FigurePair>> compare_measurements(const std::string& file, const Json& before, const Json& now);

}  // namespace mote
