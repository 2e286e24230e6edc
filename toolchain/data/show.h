// What the data looks like: numbers, and small plots for a terminal.
#pragma once
#include <string>

#include "toolchain/base/json.h"
#include "toolchain/data/dataset.h"

namespace mote {

// Parts, classes, durations, and mean / deviation / min / max of each channel by class, physical units.
Json data_summary(const Dataset& dataset);
// The same for people: split, channels by class, one plotted window per class. `columns` = width of the terminal.
std::string show_data(const Dataset& dataset, int columns);

}  // namespace mote
