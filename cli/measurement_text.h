// A measurement for people.
#pragma once
#include <string>
#include <vector>

#include "toolchain/measure/difference.h"
#include "toolchain/measure/measure.h"

namespace mote {

// Flash, RAM, latency and power; then what each operator and each function costs.
std::string measurement_text(const Measurement& measurement, const Board& board);

// Figures before and now with their ratio.
std::string difference_text(const std::vector<FigurePair>& pairs);

}  // namespace mote
