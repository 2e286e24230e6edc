// Numbers with units, as they are written in mote.toml: "64 KiB", "10 ms", "1 mW", "100 Hz".
#pragma once
#include <string>
#include <string_view>

#include "toolchain/base/result.h"

namespace mote {

enum class Dimension { bytes, seconds, watts, hertz };

// The value in the base unit (bytes, s, W, Hz). The error says which units are known and gives an example.
Result<double> parse_quantity(std::string_view text, Dimension dimension);

}  // namespace mote
