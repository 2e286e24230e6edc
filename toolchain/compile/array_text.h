// Arrays of numbers as C++ text.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "toolchain/base/tensor_type.h"

namespace mote {

// "alignas(16) constexpr int8_t name[] = {...};", from little-endian bytes. With another `prefix` than that alignment.
std::string array_text(const std::string& name, DType type, std::span<const uint8_t> bytes,
                       const std::string& prefix = "");

}  // namespace mote
