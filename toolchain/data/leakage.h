// What training and test share that new recordings will not.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "toolchain/data/dataset.h"

namespace mote {

struct Leakage {
  int64_t test_windows = 0;
  int64_t overlapping = 0;  // test windows that have readings in common with a training window
  int64_t recordings = 0;   // of the test part
  int64_t shared = 0;       // of them: those of which other windows are in the training part
};
// Of the data's windows; tables, whose rows belong to no recording, have none.
Leakage leakage(const Dataset& dataset);

// One sentence when recordings are on both sides of the split, so that the test part flatters.
std::optional<std::string> leakage_warning(const Dataset& dataset);

}  // namespace mote
