// The shared data root of the tests: real recordings (data/), published models (models/) and stored outputs (golden/).
#pragma once
#include <filesystem>
#include <string>

#include "toolchain/base/result.h"

namespace mote {

// The checkout and the build folder: MOTE_SOURCE_DIR and MOTE_BINARY_DIR, which ctest sets; the current folder without
// them.
std::filesystem::path source_folder();
std::filesystem::path binary_folder();

// Path of `relative` ("data/occupancy") below $MOTE_DATA, or below <source>/../shared when that is not set. The error
// is the reason for skipping a test.
Result<std::filesystem::path> test_data(const std::string& relative);

}  // namespace mote
