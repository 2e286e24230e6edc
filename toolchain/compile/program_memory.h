// Emitted code for cores whose constants lie in a memory of their own (device/program_memory.h).
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "toolchain/base/tensor_type.h"

namespace mote {

// An array of constants; `name` becomes part of its section's name. Objects of an AVR's compiler end at 32 KiB: a
// larger one is written for the assembler, as bytes, and `name` must be unlike those of other models.
std::string array_in_flash(const std::string& name, DType type, std::span<const uint8_t> bytes);
bool is_large_for_avr(size_t bytes);

// Statements whose `static constexpr` parameters lie in flash, and are copied from there for the call. `owner`: of the
// call, "op_3_softmax".
std::string parameters_in_flash(const std::string& statements, const std::string& owner);

}  // namespace mote
