// Whether a file's FlatBuffer is sound: every offset, vector and table inside the file.
#pragma once
#include <cstdint>
#include <span>

#include "toolchain/base/result.h"

namespace mote {

// `bytes` start at a multiple of 8. The error says what is cut off or points outside, and the byte where it stands.
Result<void> check_structure(std::span<const uint8_t> bytes);

}  // namespace mote
